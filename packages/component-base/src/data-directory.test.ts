import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import {
  claimInstance,
  isDataDirectoryLocked,
  lockDataDirectory,
  readInstance,
  releaseInstance,
} from "./data-directory.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "jdos-data-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test("lockDataDirectory() tells the second process which pid holds it, and a killed holder leaves it free", async () => {
  const dataDir = join(root, "data");
  const script = `import { lockDataDirectory } from ${JSON.stringify(new URL("./data-directory.ts", import.meta.url).href)};
    await lockDataDirectory(${JSON.stringify(dataDir)}); console.log("locked"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  try {
    assert.equal(await isDataDirectoryLocked(dataDir), true);
    await assert.rejects(lockDataDirectory(dataDir), {
      code: "DataDirectoryLocked",
      message: new RegExp(`process ${holder.pid} runs it`),
    });
  } finally {
    holder.kill("SIGKILL");
    await once(holder, "exit");
  }
  assert.equal(await isDataDirectoryLocked(dataDir), false);
  (await lockDataDirectory(dataDir)).release();
});

test("claimInstance() keeps a directory's number for its life", async () => {
  const options = { runRoot: join(root, "run") };
  const dataDir = join(root, "a");
  assert.equal(await readInstance(dataDir), undefined);
  assert.equal(await claimInstance(dataDir, 7, options), 7);
  assert.equal(await readInstance(dataDir), 7);
  assert.equal(await claimInstance(dataDir, undefined, options), 7);
  assert.equal(await claimInstance(dataDir, "auto", options), 7);
  await assert.rejects(claimInstance(dataDir, 8, options), { code: "InstanceTaken" });
});

test("claimInstance() refuses a number that another directory has, until that is released or gone", async () => {
  const options = { runRoot: join(root, "run") };
  await claimInstance(join(root, "a"), 3, options);
  await assert.rejects(
    claimInstance(join(root, "b"), 3, options),
    /instance 3: data directory ".*\/a" has it/,
  );
  await releaseInstance(join(root, "a"), 3, options);
  await assert.rejects(access(options.runRoot), { code: "ENOENT" });
  assert.equal(await claimInstance(join(root, "b"), 3, options), 3);
  await rm(join(root, "b"), { recursive: true });
  assert.equal(await claimInstance(join(root, "c"), 3, options), 3);
});

test("claimInstance() refuses a number that no instance can have, and writes nothing", async () => {
  const options = { runRoot: join(root, "run") };
  await assert.rejects(claimInstance(join(root, "a"), 99, options), { code: "InvalidOption" });
  await assert.rejects(access(options.runRoot), { code: "ENOENT" });
  assert.equal(await readInstance(join(root, "a")), undefined);
});

test("claimInstance() with auto gives different numbers to claims made at once", async () => {
  const options = { runRoot: join(root, "run") };
  const claimed = [];
  for (const name of ["a", "b", "c"]) claimed.push(await claimInstance(join(root, name), "auto", options));
  assert.equal(new Set(claimed).size, 3);
  assert.ok(claimed.every((instance) => instance > 0 && instance < 40));
});
