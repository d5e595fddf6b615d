import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { runCommand } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { startCluster } from "../support/cluster.ts";
import { clusterLayout } from "../support/layout.ts";

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
    const { directory, names } = clusterLayout(testInstance());
    assert.ok(!existsSync(directory) && !existsSync(names.runDir));
    const { stdout: links } = await runCommand(["ip", "-o", "link"]);
    assert.ok(!links.includes(`${names.bridge}:`), links);
    const { stdout: processes } = await runCommand(["ps", "-eo", "args"]);
    assert.ok(!processes.includes(`${directory}/`), processes);
  });
});
