import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ConfigMaps, CustomResourceDefinitions, Namespaces, Secrets } from "@jdos/api";
import { isStatus, type KubeObject, type OwnerReference, type ResourceType } from "@jdos/apimachinery";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client, Stored } from "@jdos/client";
import { createLogger, type Running, systemClock } from "@jdos/component-base";
import { eventually } from "@jdos/component-base/testing";
import { startGarbageCollector } from "./garbage-collector.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let collector: Running;
let client: Client;
const namespace = "work";

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
  await client.create(Namespaces, { metadata: { name: namespace } });
  const log = createLogger({ name: "gc", level: "error" });
  collector = await startGarbageCollector({ client, log, clock: systemClock });
});

after(async () => {
  await collector?.stop();
  await server?.stop();
});

function ownedBy(...owners: Stored<KubeObject>[]): OwnerReference[] {
  return owners.map(({ apiVersion, kind, metadata: { name, uid } }) => ({
    apiVersion,
    kind,
    name,
    uid,
    blockOwnerDeletion: true,
  }));
}

function createMap(name: string, ...owners: Stored<KubeObject>[]): Promise<Stored<KubeObject>> {
  return client.create(ConfigMaps, { metadata: { name, namespace, ownerReferences: ownedBy(...owners) } });
}

async function exists(type: ResourceType, name: string): Promise<boolean> {
  try {
    await client.get(type, { namespace, name });
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}

async function expectGone(type: ResourceType, name: string): Promise<void> {
  await eventually(async () =>
    assert.ok(!(await exists(type, name)), `${type.kind} "${name}" is still there`),
  );
}

test("startGarbageCollector() deletes the dependents of what is gone, over generations", async () => {
  const grandparent = await createMap("grandparent");
  const parent = await createMap("parent", grandparent);
  await client.create(Secrets, { metadata: { name: "child", namespace, ownerReferences: ownedBy(parent) } });
  await client.delete(ConfigMaps, { namespace, name: "grandparent" }, { propagationPolicy: "Background" });
  await expectGone(ConfigMaps, "parent");
  await expectGone(Secrets, "child");
});

test("startGarbageCollector() keeps what another owner holds, and forgets the owner that is gone", async () => {
  const [left, right] = [await createMap("left"), await createMap("right")];
  await createMap("shared", left, right);
  await client.delete(ConfigMaps, { namespace, name: "left" });
  await eventually(async () => {
    const { ownerReferences = [] } = (await client.get(ConfigMaps, { namespace, name: "shared" })).metadata;
    assert.deepEqual(
      ownerReferences.map(({ name }) => name),
      ["right"],
    );
  });
});

test("startGarbageCollector() lets an owner go last in foreground deletion", async () => {
  const owner = await createMap("front");
  await createMap("behind", owner);
  const held = { metadata: { finalizers: ["test.jdos.io/hold"] } };
  await client.patch(ConfigMaps, { namespace, name: "behind" }, { type: "merge", body: held });
  await client.delete(ConfigMaps, { namespace, name: "front" }, { propagationPolicy: "Foreground" });
  await eventually(async () => {
    const { metadata } = await client.get(ConfigMaps, { namespace, name: "behind" });
    assert.ok(metadata.deletionTimestamp, "the dependent is not being deleted");
  });
  assert.ok(await exists(ConfigMaps, "front"));
  const release = { metadata: { finalizers: null } };
  await client.patch(ConfigMaps, { namespace, name: "behind" }, { type: "merge", body: release });
  await expectGone(ConfigMaps, "behind");
  await expectGone(ConfigMaps, "front");
});

test("startGarbageCollector() leaves orphans alone", async () => {
  const owner = await createMap("leaver");
  await createMap("orphan", owner);
  await client.delete(ConfigMaps, { namespace, name: "leaver" }, { propagationPolicy: "Orphan" });
  await expectGone(ConfigMaps, "leaver");
  const orphan = await client.get(ConfigMaps, { namespace, name: "orphan" });
  assert.deepEqual(orphan.metadata.ownerReferences ?? [], []);
});

test("startGarbageCollector() deletes what names an owner that never was", async () => {
  const ghost = {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: "ghost",
    uid: "00000000-0000-0000-0000-000000000000",
  };
  await client.create(ConfigMaps, { metadata: { name: "lost", namespace, ownerReferences: [ghost] } });
  await expectGone(ConfigMaps, "lost");
});

test("startGarbageCollector() follows Kinds that are defined while it runs", async () => {
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;
  await client.create(CustomResourceDefinitions, {
    metadata: { name: "widgets.test.jdos.io" },
    spec: {
      group: "test.jdos.io",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
  const Widgets: ResourceType = {
    group: "test.jdos.io",
    version: "v1",
    resource: "widgets",
    kind: "Widget",
    namespaced: true,
  };
  const widget = await eventually(() => client.create(Widgets, { metadata: { name: "one", namespace } }));
  await createMap("of-widget", widget);
  await client.delete(Widgets, { namespace, name: "one" });
  await expectGone(ConfigMaps, "of-widget");
});
