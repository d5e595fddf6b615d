import { globSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "node:test";
import { TEST_LOCK_PREFIX } from "@jdos/component-base/testing";
import { installTestPrograms } from "./test-programs.ts";
import { type ReportedEvent, TestReporter } from "./test-reporter.ts";

const root = resolve(import.meta.dirname, "..");

/** Files that may share the machine, and then those that each want all of it. */
const STAGES = [
  { patterns: ["packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"], concurrency: 2 },
  { patterns: ["test/**/*.test.ts"], concurrency: 1 },
];

const TEST_TIMEOUT_MILLIS = 10 * 60_000;

function select(patterns: readonly string[], wanted: readonly string[]): string[] {
  return globSync(patterns, { cwd: root })
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort()
    .map((file) => join(root, file));
}

/** The kernel holds the locks, not the files: what is left of them is litter. */
function removeInstanceLocks(): void {
  for (const file of globSync(`${TEST_LOCK_PREFIX}*`, { cwd: tmpdir() })) rmSync(join(tmpdir(), file));
}

async function main(): Promise<void> {
  const parts = process.argv.slice(2).map((argument) => argument.replace(/^\.\//, ""));
  const reporter = new TestReporter({ root, write: (text) => process.stdout.write(text) });
  const stages = STAGES.map(({ patterns, concurrency }) => ({ files: select(patterns, parts), concurrency }));
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
  removeInstanceLocks();
  reporter.finish();
  process.exitCode = reporter.totals.failed > 0 ? 1 : 0;
}

await main();
