import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { TestReporter } from "./test-reporter.ts";

const execute = promisify(execFile);

const RUNNER = `
  import { run } from "node:test";
  import { TestReporter } from ${JSON.stringify(new URL("./test-reporter.ts", import.meta.url).href)};
  const [root] = process.argv.slice(2);
  const reporter = new TestReporter({ root, write: (text) => process.stdout.write(text) });
  const file = root + "/sample.test.ts";
  for await (const event of run({ files: [file], cwd: root })) reporter.take(event, file);
  reporter.finish();
`;

/** What is printed for a test file, by a runner in a process of its own: a runner within a runner runs nothing. */
async function report(source: string, suite = ""): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), "jdos-reporter-"));
  try {
    await writeFile(join(root, "sample.test.ts"), source);
    await writeFile(join(root, "suite.ts"), suite);
    await writeFile(join(root, "runner.mjs"), RUNNER);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await execute(process.execPath, [join(root, "runner.mjs"), root], { env });
    return stdout.trimEnd().split("\n");
  } finally {
    await rm(root, { recursive: true });
  }
}

test("TestReporter closes with the totals and names each failure", async () => {
  const lines = await report(`
    import { describe, test } from "node:test";
    describe("suite", () => { test("good", () => {}); test("bad", () => { console.log("said"); throw new Error("why"); }); });
    test("left out", { skip: "no such kernel" }, () => {});
  `);
  assert.equal(lines.at(-1), "1 passed, 1 failed, 1 skipped");
  const text = lines.join("\n");
  assert.match(text, /✖ sample\.test\.ts: bad\n\s+Error: why/);
  assert.match(text, /1 skipped: no such kernel/);
  assert.match(text, /it printed:\n\s+said/);
});

test("TestReporter counts a file that cannot be loaded as a failure", async () => {
  const lines = await report(`import "./missing.ts";`);
  assert.equal(lines.at(-1), "0 passed, 1 failed");
});

test("TestReporter leaves the skipped out when there are none", async () => {
  const lines = await report(`import { test } from "node:test"; test("good", () => {});`);
  assert.equal(lines.at(-1), "1 passed, 0 failed");
});

test("TestReporter counts the tests of a suite that lies elsewhere for the file that runs it", async () => {
  const lines = await report(
    `import "./suite.ts";`,
    `import { test } from "node:test"; test("kept", () => {}); test("broken", () => { throw new Error("why"); });`,
  );
  const text = lines.join("\n");
  assert.match(text, /✖ sample\.test\.ts {2}1 passed, 1 failed/);
  assert.match(text, /✖ suite\.ts: broken/);
  assert.equal(lines.at(-1), "1 passed, 1 failed");
});

test("TestReporter counts what fails outside of a test file", () => {
  let text = "";
  const reporter = new TestReporter({ root: "/", write: (more) => (text += more) });
  reporter.fail("purge", new Error("why"));
  reporter.finish();
  assert.match(text, /✖ purge\n\s+Error: why/);
  assert.match(text, /\n0 passed, 1 failed\n$/);
});
