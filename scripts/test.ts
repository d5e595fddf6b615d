import { globSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { removeTestLocks } from "@jdos/component-base/testing";
import { SharedPlatform } from "../test/e2e/support/shared-platform.ts";
import { buildKubernetes } from "../test/kubernetes/build/build.ts";
import { findKubernetes } from "../test/kubernetes/build/cache.ts";
import { cleanKilledClusters } from "../test/kubernetes/support/clean-cluster.ts";
import { installClusterPrograms } from "../test/kubernetes/support/programs.ts";
import { installTestPrograms } from "./test-programs.ts";
import { type ReportedEvent, TestReporter } from "./test-reporter.ts";
import { TestResults } from "./test-results.ts";

const root = resolve(import.meta.dirname, "..");

interface Stage {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly exclude?: readonly string[];
  /** How many files run side by side. More than the machine has cores where they wait more than they work. */
  readonly concurrency: number;
  /** Of end-to-end tests: whose results they are. */
  readonly target?: "embedded" | "kubernetes";
}

const END_TO_END = ["test/e2e/**/*.test.ts"];
/** Builds give way to all else on the machine: those that use it up themselves would have no end beside other files. */
const ALONE = ["test/e2e/hostile.test.ts"];

/** Files that take longest, so that no lane has one of them left when the others are done. */
const FIRST = [
  "packages/image-builder/src/build.test.ts",
  "test/kubernetes/control-plane/faults.test.ts",
  "test/kubernetes/control-plane/kubectl.test.ts",
  "test/e2e/survival.test.ts",
  "test/e2e/rollouts.test.ts",
  "test/e2e/applications.test.ts",
  "test/e2e/stacks.test.ts",
];

const PACKAGES: Stage = {
  name: "packages",
  patterns: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
  concurrency: 4,
};
const INTEGRATION = ["test/{integration,conformance}/**/*.test.ts"];
/** Against a real Kubernetes: its API server alone takes seconds, where it is built. */
const CONTROL_PLANE = ["test/kubernetes/control-plane/**/*.test.ts"];

const KUBERNETES: readonly Stage[] = [
  { name: "Kubernetes", patterns: ["test/kubernetes/**/*.test.ts"], concurrency: 1 },
  { name: "end to end", patterns: END_TO_END, concurrency: 1, target: "kubernetes" },
];

const TEST_TIMEOUT_MILLIS = 10 * 60_000;

function select({ patterns, exclude = [] }: Stage, wanted: readonly string[]): string[] {
  return globSync(patterns, { cwd: root, exclude })
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1))
    .map((file) => join(root, file));
}

function placeOf(file: string): number {
  const place = FIRST.indexOf(file);
  return place === -1 ? FIRST.length : place;
}

/** `--kubernetes` builds Kubernetes and runs what needs it; without, only what a build that is there allows. */
async function stagesOf(kubernetes: boolean): Promise<readonly Stage[]> {
  if (kubernetes) {
    await buildKubernetes({ say });
    return KUBERNETES;
  }
  const isBuilt = findKubernetes() !== undefined;
  if (!isBuilt)
    say("Not tested against a real Kubernetes: none is built; npm run test:kubernetes builds one");
  return [
    PACKAGES,
    {
      name: "integration",
      patterns: isBuilt ? [...INTEGRATION, ...CONTROL_PLANE] : INTEGRATION,
      concurrency: 3,
    },
    { name: "end to end", patterns: END_TO_END, exclude: ALONE, concurrency: 2, target: "embedded" },
    { name: "hostile sources", patterns: ALONE, concurrency: 1, target: "embedded" },
  ];
}

interface SelectedStage extends Pick<Stage, "name" | "concurrency" | "target"> {
  readonly files: string[];
}

/** Each lane takes the next file when it is done with one: a line is printed when its file ends, not in a fixed order. */
async function runStage(
  { files, concurrency, target }: SelectedStage,
  reporter: TestReporter,
): Promise<void> {
  const results = new TestResults();
  const waiting = [...files];
  const lane = async (): Promise<void> => {
    const platform = target === "embedded" ? await SharedPlatform.create() : undefined;
    while (!interrupt.signal.aborted) {
      const file = waiting.shift();
      if (file === undefined) break;
      const passed = await runFile(file, { env: { ...process.env, ...platform?.env }, reporter, results });
      if (!passed)
        await platform?.purge().catch((error) => reporter.fail("purge of what a file left", error));
    }
    await platform?.remove().catch((error) => reporter.fail("purge of a platform that files shared", error));
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, files.length) }, lane));
  if (target !== undefined) await results.save(target);
}

interface FileOptions {
  env: NodeJS.ProcessEnv;
  reporter: TestReporter;
  results: TestResults;
}

async function runFile(file: string, { env, reporter, results }: FileOptions): Promise<boolean> {
  let passed = true;
  const events = run({
    files: [file],
    env,
    timeout: TEST_TIMEOUT_MILLIS,
    cwd: root,
    signal: interrupt.signal,
  });
  for await (const event of events as AsyncIterable<ReportedEvent>) {
    reporter.take(event, file);
    results.take(event);
    if (event.type === "test:fail") passed = false;
  }
  return passed;
}

/** End-to-end tests of a cluster share one, with the platform installed. */
async function runStageInCluster(stage: SelectedStage, reporter: TestReporter): Promise<void> {
  const { startInstalledPlatform } = await import("../test/kubernetes/support/installed-platform.ts");
  const { target, stop } = await startInstalledPlatform({ nodes: 2, say });
  try {
    Object.assign(process.env, { JDOS_E2E_TARGET: "kubernetes", JDOS_E2E_CLUSTER: JSON.stringify(target) });
    await runStage(stage, reporter);
  } finally {
    await stop();
  }
}

/** Aborts at the first SIGINT or SIGTERM: the files that run are ended, none begins, and each lane cleans up. */
const interrupt = new AbortController();

const say = (message: string): void => console.log(message);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { kubernetes: { type: "boolean", default: false } },
  });
  const parts = positionals.map((argument) => argument.replace(/^\.\//, ""));
  const reporter = new TestReporter({ root, write: (text) => process.stdout.write(text) });
  const stages = (await stagesOf(values.kubernetes)).map((stage) => ({
    ...stage,
    files: select(stage, parts),
  }));
  if (stages.every(({ files }) => files.length === 0)) {
    process.stderr.write(`NoTests: Cannot run tests: no file matches "${parts.join('", "')}"\n`);
    process.exitCode = 1;
    return;
  }
  process.env.PATH = await installTestPrograms({
    path: process.env.PATH ?? "",
    say,
  });
  // Before files that would each install them run side by side.
  if (stages.some(({ files }) => files.some((file) => file.startsWith(join(root, "test/kubernetes")))))
    await installClusterPrograms(say);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interrupt.abort());
  for (const stage of stages) {
    if (stage.files.length === 0 || interrupt.signal.aborted) continue;
    const begin = performance.now();
    await (stage.target === "kubernetes" ? runStageInCluster : runStage)(stage, reporter);
    say(`Stage ${stage.name}: ${((performance.now() - begin) / 1000).toFixed(0)} s`);
  }
  // The process of the file that ran is gone without its own end.
  if (interrupt.signal.aborted) await cleanKilledClusters();
  removeTestLocks();
  reporter.finish();
  process.exitCode = reporter.totals.failed > 0 || interrupt.signal.aborted ? 1 : 0;
}

await main();
