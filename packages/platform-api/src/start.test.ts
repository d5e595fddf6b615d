import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { isPortFree } from "@jdos/component-base";
import { ADMIN_TOKEN, startTestPlatform, type TestPlatform } from "./testing/start-test-platform.ts";

/** An address of this host that stands for the Pod bridge's; callers choose whether they come from it. */
const GATEWAY = "127.0.0.2";

describe("the address that Pods reach", () => {
  let platform: TestPlatform;
  let port = 0;
  before(async () => {
    do port = 20_000 + Math.floor(Math.random() * 10_000);
    while (!(await isPortFree(port, GATEWAY)));
    platform = await startTestPlatform({ registryTokenListen: { host: GATEWAY, port } });
  });
  after(() => platform.stop());

  async function statusOf(
    path: string,
    localAddress: string,
    upgrade?: Record<string, string>,
  ): Promise<number> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, ...upgrade };
    const call = request({ host: GATEWAY, port, path, localAddress, headers, agent: false }).end();
    const [response] = (await once(call, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode ?? 0;
  }

  it("serves Pods the registry's tokens and nothing else", async () => {
    assert.equal(await statusOf("/api/v1/status", "127.0.0.1"), 404);
    assert.equal(await statusOf("/registry/token", "127.0.0.1"), 401);
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    await assert.rejects(statusOf("/api/v1/systems/demo/apps/hello/exec", "127.0.0.1", upgrade), {
      code: "ECONNRESET",
    });
  });

  it("serves this host everything, also upgrades", async () => {
    assert.equal(await statusOf("/api/v1/status", GATEWAY), 200);
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    assert.equal(await statusOf("/api/v1/systems/demo/apps/hello/exec?command=x", GATEWAY, upgrade), 404);
  });

  it("takes the query of an upgrade from its header where a proxy dropped it", async () => {
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    const path = "/api/v1/systems/demo/apps/hello/exec";
    assert.equal(await statusOf(path, GATEWAY, upgrade), 422);
    assert.equal(await statusOf(path, GATEWAY, { ...upgrade, "x-jdos-query": "command=true" }), 404);
  });
});
