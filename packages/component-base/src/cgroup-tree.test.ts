import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { it } from "node:test";
import { cgroupProcesses, cgroupRoots, removeCgroupTree } from "./cgroup-tree.ts";

const NAME = `/jdos-test-${process.pid}`;

it("removeCgroupTree() removes a cgroup with all below it, once its processes have ended", async () => {
  const roots = cgroupRoots().filter((root) => !root.endsWith("/cpuset"));
  for (const root of roots) mkdirSync(`${root}${NAME}/a/b`, { recursive: true });
  const child = spawn("sleep", ["100"], { stdio: "ignore" });
  try {
    writeFileSync(`${roots[0]}${NAME}/a/b/cgroup.procs`, String(child.pid));
    assert.deepEqual(cgroupProcesses(NAME), [child.pid]);
    await assert.rejects(removeCgroupTree(NAME, { timeoutSeconds: 0.1 }), /is busy/);
  } finally {
    child.kill("SIGKILL");
  }
  await removeCgroupTree(NAME);
  assert.deepEqual(
    roots.filter((root) => existsSync(`${root}${NAME}`)),
    [],
  );
  await removeCgroupTree(NAME);
});
