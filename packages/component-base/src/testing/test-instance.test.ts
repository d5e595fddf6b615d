import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runCommand } from "../run-command.ts";
import { lockTestFile, removeTestLocks } from "./test-instance.ts";

const directory = mkdtempSync(join(tmpdir(), "jdos-locks-"));
after(() => rmSync(directory, { recursive: true }));

const MODULE = JSON.stringify(join(import.meta.dirname, "test-instance.ts"));

/** Runs statements in another process; gives what they print. */
async function elsewhere(statements: string): Promise<string> {
  const script = `import { readdirSync } from "node:fs"; import { lockTestFile, removeTestLocks, testInstance } from ${MODULE}; ${statements}`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval"];
  const env = { ...process.env, TMPDIR: directory };
  return (await runCommand([process.execPath, ...flags, script], { env })).stdout;
}

const lockElsewhere = (path: string): Promise<string> =>
  elsewhere(
    `process.stdout.write(lockTestFile(${JSON.stringify(path)}) === undefined ? "refused" : "locked")`,
  );

describe("removeTestLocks", () => {
  it("leaves a lock that is held, so that nobody takes the same instance", async () => {
    const path = join(directory, "jdos-test-instance-59");
    const lock = lockTestFile(path);
    await elsewhere(`removeTestLocks(${JSON.stringify(directory)})`);
    assert.ok(existsSync(path));
    assert.equal(await lockElsewhere(path), "refused");
    lock?.release();
    assert.equal(await lockElsewhere(path), "locked");
    removeTestLocks(directory);
    assert.ok(!existsSync(path));
  });

  it("takes along the lock of its own process", async () => {
    const statements = `testInstance(); removeTestLocks(); process.stdout.write(readdirSync(process.env.TMPDIR).join())`;
    assert.equal(await elsewhere(statements), "");
  });
});
