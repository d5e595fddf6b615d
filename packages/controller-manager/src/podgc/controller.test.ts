import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Nodes, Pods } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import { createManager, type Manager } from "@jdos/controller-runtime";
import { podGarbageCollector } from "./controller.ts";

describe("podGarbageCollector", () => {
  const clock = new FakeClock();
  let server: TestServer;
  let client: Client;
  let manager: Manager;
  before(async () => {
    server = await startTestServer();
    client = server.adminClient();
    manager = createManager({ client, log: silentLogger(), clock });
    manager.add(podGarbageCollector());
    await manager.start();
    for (const name of ["n1", "n2"]) {
      await client.create(Nodes, { metadata: { name } });
      const spec = { nodeName: name, containers: [{ name: "c", image: "i" }] };
      await client.create(Pods, { metadata: { namespace: "default", name: `on-${name}` }, spec });
    }
  });
  after(async () => {
    await manager.stop();
    await server.stop();
  });

  it("podGarbageCollector() ends the Pods of a node that is gone, after its quarantine, and no others", async () => {
    const { metadata } = await client.list(Pods, { namespace: "default" });
    await client.delete(Nodes, { name: "n1" });
    const ended = (async () => {
      const options = {
        namespace: "default",
        resourceVersion: metadata.resourceVersion,
        signal: AbortSignal.timeout(60_000),
      };
      for await (const event of await client.watch(Pods, options)) {
        if (event.type === "DELETED") return event.object;
      }
      throw new Error("Cannot wait for the end of the Pod: still there");
    })();
    while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(39_000);
    await manager.idle();
    assert.equal((await client.list(Pods, { namespace: "default" })).items.length, 2);
    clock.advance(1_000);
    const pod = await ended;
    assert.equal(pod.metadata.name, "on-n1");
    assert.equal(pod.status?.phase, "Failed");
    assert.deepEqual(
      (await client.list(Pods, { namespace: "default" })).items.map(({ metadata }) => metadata.name),
      ["on-n2"],
    );
  });
});
