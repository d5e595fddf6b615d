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

const root = resolve(import.meta.dirname, "..");

/** Files that may share the machine, and then those that each want all of it. */
const STAGES = [
  { patterns: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"], concurrency: 2 },
  { patterns: ["test/{integration,conformance,e2e}/**/*.test.ts"], concurrency: 1 },
];

/** Against a real Kubernetes: its API server alone takes seconds, where it is built. */
const CONTROL_PLANE = { patterns: ["test/kubernetes/control-plane/**/*.test.ts"], concurrency: 1 };
const KUBERNETES = { patterns: ["test/kubernetes/**/*.test.ts"], concurrency: 1 };

const TEST_TIMEOUT_MILLIS = 10 * 60_000;

function select(patterns: readonly string[], wanted: readonly string[]): string[] {
  return globSync(patterns, { cwd: root })
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort()
    .map((file) => join(root, file));
}

/** `--kubernetes` builds Kubernetes and runs what needs it; without, only what a build that is there allows. */
async function stagesOf(kubernetes: boolean): Promise<typeof STAGES> {
  const say = (message: string) => console.log(message);
  if (kubernetes) {
    await buildKubernetes({ say });
    return [KUBERNETES];
  }
  if (findKubernetes() !== undefined) return [...STAGES, CONTROL_PLANE];
  say("Not tested against a real Kubernetes: none is built; npm run test:kubernetes builds one");
  return STAGES;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { kubernetes: { type: "boolean", default: false } },
  });
  const parts = positionals.map((argument) => argument.replace(/^\.\//, ""));
  const reporter = new TestReporter({ root, write: (text) => process.stdout.write(text) });
  const stages = (await stagesOf(values.kubernetes)).map(({ patterns, concurrency }) => ({
    files: select(patterns, parts),
    concurrency,
  }));
  if (stages.every(({ files }) => files.length === 0)) {
    process.stderr.write(`NoTests: Cannot run tests: no file matches "${parts.join('", "')}"\n`);
    process.exitCode = 1;
    return;
  }
  process.env.PATH = await installTestPrograms({
    path: process.env.PATH ?? "",
    cacheDir: join(process.env.JDOS_USER_CACHE ?? tmpdir(), "test"),
    say: (message) => console.log(message),
  });
  for (const { files, concurrency } of stages) {
    if (files.length === 0) continue;
    const events = run({ files, concurrency, timeout: TEST_TIMEOUT_MILLIS, cwd: root });
    for await (const event of events) reporter.take(event as ReportedEvent);
  }
  removeTestLocks();
  reporter.finish();
  process.exitCode = reporter.totals.failed > 0 ? 1 : 0;
}

await main();
