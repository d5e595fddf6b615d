import { globSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { removeTestLocks } from "@jdos/component-base/testing";
import { buildKubernetes } from "../test/kubernetes/build/build.ts";
import { findKubernetes } from "../test/kubernetes/build/cache.ts";
import { installTestPrograms } from "./test-programs.ts";
import { type ReportedEvent, TestReporter } from "./test-reporter.ts";
import { TestResults } from "./test-results.ts";

const root = resolve(import.meta.dirname, "..");

interface Stage {
  readonly patterns: readonly string[];
  readonly concurrency: number;
  /** Of end-to-end tests: whose results they are. */
  readonly target?: "embedded" | "kubernetes";
}

const END_TO_END = ["test/e2e/**/*.test.ts"];

/** Files that may share the machine, and then those that each want all of it. */
const STAGES: readonly Stage[] = [
  { patterns: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"], concurrency: 2 },
  { patterns: ["test/{integration,conformance}/**/*.test.ts"], concurrency: 1 },
  { patterns: END_TO_END, concurrency: 1, target: "embedded" },
];

/** Against a real Kubernetes: its API server alone takes seconds, where it is built. */
const CONTROL_PLANE: Stage = { patterns: ["test/kubernetes/control-plane/**/*.test.ts"], concurrency: 1 };

const KUBERNETES: readonly Stage[] = [
  { patterns: ["test/kubernetes/**/*.test.ts"], concurrency: 1 },
  { patterns: END_TO_END, concurrency: 1, target: "kubernetes" },
];

const TEST_TIMEOUT_MILLIS = 10 * 60_000;

function select(patterns: readonly string[], wanted: readonly string[]): string[] {
  return globSync(patterns, { cwd: root })
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort()
    .map((file) => join(root, file));
}

/** `--kubernetes` builds Kubernetes and runs what needs it; without, only what a build that is there allows. */
async function stagesOf(kubernetes: boolean): Promise<readonly Stage[]> {
  if (kubernetes) {
    await buildKubernetes({ say });
    return KUBERNETES;
  }
  if (findKubernetes() !== undefined) return [...STAGES, CONTROL_PLANE];
  say("Not tested against a real Kubernetes: none is built; npm run test:kubernetes builds one");
  return STAGES;
}

interface SelectedStage extends Pick<Stage, "concurrency" | "target"> {
  readonly files: string[];
}

async function runStage(
  { files, concurrency, target }: SelectedStage,
  reporter: TestReporter,
): Promise<void> {
  const results = new TestResults();
  const events = run({ files, concurrency, timeout: TEST_TIMEOUT_MILLIS, cwd: root });
  for await (const event of events as AsyncIterable<ReportedEvent>) {
    reporter.take(event);
    results.take(event);
  }
  if (target !== undefined) await results.save(target);
}

/** End-to-end tests of a cluster share one, with the platform installed. */
async function runStageInCluster(stage: SelectedStage, reporter: TestReporter): Promise<void> {
  const { startInstalledPlatform } = await import("../test/kubernetes/support/installed-platform.ts");
  const { target, stop } = await startInstalledPlatform({ nodes: 2, say });
  const interrupted = (): void => void stop().finally(() => process.exit(1));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, interrupted);
  try {
    Object.assign(process.env, { JDOS_E2E_TARGET: "kubernetes", JDOS_E2E_CLUSTER: JSON.stringify(target) });
    await runStage(stage, reporter);
  } finally {
    await stop();
  }
}

const say = (message: string): void => console.log(message);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { kubernetes: { type: "boolean", default: false } },
  });
  const parts = positionals.map((argument) => argument.replace(/^\.\//, ""));
  const reporter = new TestReporter({ root, write: (text) => process.stdout.write(text) });
  const stages = (await stagesOf(values.kubernetes)).map(({ patterns, ...stage }) => ({
    ...stage,
    files: select(patterns, parts),
  }));
  if (stages.every(({ files }) => files.length === 0)) {
    process.stderr.write(`NoTests: Cannot run tests: no file matches "${parts.join('", "')}"\n`);
    process.exitCode = 1;
    return;
  }
  process.env.PATH = await installTestPrograms({
    path: process.env.PATH ?? "",
    cacheDir: join(process.env.JDOS_USER_CACHE ?? tmpdir(), "test"),
    say,
  });
  for (const stage of stages) {
    if (stage.files.length === 0) continue;
    await (stage.target === "kubernetes" ? runStageInCluster : runStage)(stage, reporter);
  }
  removeTestLocks();
  reporter.finish();
  process.exitCode = reporter.totals.failed > 0 ? 1 : 0;
}

await main();
