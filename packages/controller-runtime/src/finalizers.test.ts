import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Pods } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { applyStatus } from "./apply-status.ts";
import { addFinalizer, hasFinalizer, removeFinalizer } from "./finalizers.ts";

const namespace = "default";
const finalizer = "example.com/hold";

describe("writes of controllers", () => {
  let server: TestServer;
  let client: Client;
  before(async () => {
    server = await startTestServer();
    client = server.adminClient();
  });
  after(() => server.stop());

  it("addFinalizer() writes once, removeFinalizer() lets a deleted object go", async () => {
    const object = await client.create(ConfigMaps, { metadata: { namespace, name: "a" } });
    const held = await addFinalizer(client, { type: ConfigMaps, object, finalizer });
    assert.ok(hasFinalizer(held, finalizer));
    assert.equal(await addFinalizer(client, { type: ConfigMaps, object: held, finalizer }), held);
    await client.delete(ConfigMaps, { namespace, name: "a" });
    const going = await client.get(ConfigMaps, { namespace, name: "a" });
    await removeFinalizer(client, { type: ConfigMaps, object: going, finalizer });
    await assert.rejects(client.get(ConfigMaps, { namespace, name: "a" }), (error) =>
      isStatus(error, "NotFound"),
    );
    await removeFinalizer(client, { type: ConfigMaps, object: going, finalizer });
  });

  it("addFinalizer() refuses to write over a newer object", async () => {
    const object = await client.create(ConfigMaps, { metadata: { namespace, name: "b" } });
    await client.update(ConfigMaps, { ...object, data: { x: "1" } });
    await assert.rejects(addFinalizer(client, { type: ConfigMaps, object, finalizer }), (error) =>
      isStatus(error, "Conflict"),
    );
  });

  it("applyStatus() writes the status alone, and nothing when it is the same", async () => {
    const object = await client.create(Pods, {
      metadata: { namespace, name: "p" },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
    const status = { ...object.status, phase: "Running" };
    const written = await applyStatus(client, { type: Pods, object, status });
    assert.equal(written.status?.phase, "Running");
    const revision = server.revision();
    assert.equal(await applyStatus(client, { type: Pods, object: written, status }), written);
    assert.equal(server.revision(), revision);
    await assert.rejects(applyStatus(client, { type: Pods, object, status: { phase: "Failed" } }), (error) =>
      isStatus(error, "Conflict"),
    );
  });
});
