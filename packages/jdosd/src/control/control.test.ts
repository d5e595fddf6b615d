import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { instanceNames, lockDataDirectory, writeInstance } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { startControlServer } from "./server.ts";
import { controlSocket, type PlatformStatus, readStatus } from "./status.ts";

const INSTANCE = testInstance();
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "jdos-control-"));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true });
  await rm(instanceNames(INSTANCE).runDir, { recursive: true, force: true });
});

test("readStatus() of a directory that never ran has no pid and no components", async () => {
  assert.deepEqual(await readStatus(dataDir), {
    pid: null,
    ready: false,
    components: [],
    dataDir,
    instance: null,
  });
});

test("readStatus() names what stopped when nobody holds the directory", async () => {
  await writeInstance(dataDir, INSTANCE);
  const { pid, ready, components } = await readStatus(dataDir);
  assert.equal(pid, null);
  assert.equal(ready, false);
  assert.deepEqual(
    components.map(({ name, state }) => [name, state]),
    [
      ["jdosd", "stopped"],
      ["containerd", "stopped"],
      ["dns", "stopped"],
    ],
  );
});

test("readStatus() asks the process that holds the directory, and knows one that is only starting", async () => {
  await writeInstance(dataDir, INSTANCE);
  const lock = await lockDataDirectory(dataDir);
  try {
    const starting = await readStatus(dataDir);
    assert.equal(starting.pid, process.pid);
    assert.deepEqual(starting.components, [{ name: "jdosd", state: "starting" }]);
    const { runDir } = instanceNames(INSTANCE);
    await mkdir(runDir, { recursive: true });
    const components = [{ name: "dns", state: "running" as const }];
    const answer: PlatformStatus = { pid: process.pid, ready: true, components, dataDir, instance: INSTANCE };
    const server = await startControlServer(controlSocket(runDir), {
      status: () => answer,
      metrics: async () => "up 1\n",
    });
    try {
      assert.deepEqual(await readStatus(dataDir), answer);
      assert.equal(await get(controlSocket(runDir), "/metrics"), "200 up 1\n");
      assert.equal(await get(controlSocket(runDir), "/other"), "404 ");
    } finally {
      await server.stop();
    }
  } finally {
    lock.release();
  }
});

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, async (response) => {
      resolve(`${response.statusCode} ${Buffer.concat(await response.toArray()).toString()}`);
    })
      .on("error", reject)
      .end();
  });
}
