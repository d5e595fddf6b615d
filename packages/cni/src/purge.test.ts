import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { instanceNames, runCommand } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { startTestNetwork } from "./testing/index.ts";

test("purge() leaves no bridge, table or file", async () => {
  const { instance, bridge, tables, pods } = instanceNames(testInstance());
  const network = await startTestNetwork(instance);
  const sandbox = await network.sandbox();
  await network.call("ADD", sandbox);
  await network.close();
  assert.equal(existsSync(`/sys/class/net/${bridge}`), false);
  assert.deepEqual(
    readdirSync("/sys/class/net").filter((name) => name.startsWith(`${bridge}-`)),
    [],
  );
  assert.ok(!(await runCommand(["nft", "list", "tables"])).stdout.includes(tables.pods));
  assert.ok(!(await runCommand(["ip", "route"])).stdout.includes(pods.gateway.replace(/0\.1$/, "")));
  assert.equal(existsSync(join(network.options.cniConfDir, "10-jdos.conflist")), false);
});
