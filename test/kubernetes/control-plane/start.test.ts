import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runCommand } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { cleanKilledClusters } from "../support/clean-cluster.ts";
import { startCluster } from "../support/cluster.ts";
import { type ClusterLayout, clusterLayout } from "../support/layout.ts";

const UP = join(import.meta.dirname, "../up.ts");

/** A control plane in a process of its own, which is then killed. */
async function startAndKill(): Promise<ClusterLayout> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--disable-warning=ExperimentalWarning", UP, "--nodes", "0"];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  try {
    const [said] = await Promise.race([once(child.stdout, "data"), exit.then(() => ["it ended"])]);
    const { instance } = JSON.parse(String(said)) as { instance: number };
    return clusterLayout(instance);
  } finally {
    child.kill("SIGKILL");
    await exit;
  }
}

async function assertNothingLeft({ directory, names }: ClusterLayout): Promise<void> {
  assert.ok(!existsSync(directory) && !existsSync(names.runDir));
  const { stdout: links } = await runCommand(["ip", "-o", "link"]);
  assert.ok(!links.includes(`${names.bridge}:`), links);
  const { stdout: processes } = await runCommand(["ps", "-eo", "args"]);
  assert.ok(!processes.includes(`${directory}/`), processes);
}

describe("startCluster()", () => {
  it("a start that fails says what the part wrote, and leaves nothing", async () => {
    const start = startCluster({ controllers: false, apiServerArguments: ["--no-such-flag"] });
    await assert.rejects(start, (error: Error & { code?: string }) => {
      assert.equal(error.code, "PartFailed");
      assert.match(
        error.message,
        /^Cannot start kube-apiserver: it ended\n[\s\S]*unknown flag: --no-such-flag/,
      );
      return true;
    });
    await assertNothingLeft(clusterLayout(testInstance()));
  });

  it("what a killed process left goes, and what another uses stays", async () => {
    const own = await startCluster({ controllers: false });
    try {
      const killed = await startAndKill();
      assert.ok(existsSync(killed.directory));
      await cleanKilledClusters();
      await assertNothingLeft(killed);
      assert.equal((await own.client.raw({ path: "/readyz" })).status, 200);
    } finally {
      await own.stop();
    }
  });
});
