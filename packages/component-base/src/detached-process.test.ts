import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, it } from "node:test";
import {
  findDetached,
  identifyProcess,
  isRunning,
  startDetached,
  stopDetached,
  stopProcess,
} from "./detached-process.ts";

let directory: string;
let pidFile: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-detached-"));
  pidFile = join(directory, "pid");
});
afterEach(async () => {
  await stopDetached(pidFile);
  await rm(directory, { recursive: true, force: true });
});

const start = (script: string) =>
  startDetached({ command: "sh", args: ["-c", script], pidFile, logFile: join(directory, "log") });

it("startDetached() starts a process in its own session, its output in a file, to be found again", async () => {
  const identity = await start("echo said; exec sleep 100");
  assert.deepEqual(findDetached(pidFile), identity);
  const stat = await readFile(`/proc/${identity.pid}/stat`, "utf8");
  assert.equal(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3], String(identity.pid));
  for (
    const end = Date.now() + 5000;
    (await readFile(join(directory, "log"), "utf8")) === "" && Date.now() < end;
  );
  assert.equal(await readFile(join(directory, "log"), "utf8"), "said\n");
});

it("findDetached() does not take another process of the same pid for it", async () => {
  const identity = await start("exec sleep 100");
  await writeFile(pidFile, JSON.stringify({ ...identity, startTime: "1" }));
  assert.equal(findDetached(pidFile), undefined);
  await stopDetached(pidFile);
  assert.equal(isRunning(identity), true);
  await stopProcess(identity);
});

it("stopProcess() kills what does not end by itself, and stopDetached() may be called again", async () => {
  const identity = await start("trap '' TERM; echo up; while true; do sleep 0.05; done");
  for (
    const end = Date.now() + 5000;
    (await readFile(join(directory, "log"), "utf8")) === "" && Date.now() < end;
  );
  await stopProcess(identity, { timeoutSeconds: 0.1 });
  assert.equal(identifyProcess(identity.pid), undefined);
  await stopDetached(pidFile);
  await stopDetached(pidFile);
  assert.equal(existsSync(pidFile), false);
});

it("startDetached() rejects for a program that is not there", async () => {
  await assert.rejects(
    startDetached({ command: "/no/such/program", args: [], pidFile, logFile: join(directory, "log") }),
    /ENOENT/,
  );
});
