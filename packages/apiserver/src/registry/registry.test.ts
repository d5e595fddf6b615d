import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Deployments, Namespaces, Pods } from "@jdos/api";
import { isStatus, type StatusReason } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

const refused = (reason: StatusReason, pattern: RegExp) => (error: unknown) =>
  isStatus(error, reason) && pattern.test(error.message);
const namespace = "default";
let server: TestServer;
let client: Client;

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
});
after(() => server.stop());

describe("create()", () => {
  it("create() gives identity, time and revision, and freezes", async () => {
    const made = await client.create(ConfigMaps, { metadata: { name: "a", namespace }, data: { k: "v" } });
    assert.equal(made.apiVersion, "v1");
    assert.equal(made.kind, "ConfigMap");
    assert.match(made.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.match(made.metadata.creationTimestamp, /^\d{4}-.*Z$/);
    assert.equal(Number(made.metadata.resourceVersion), server.revision());
    assert.ok(Object.isFrozen(made.data));
  });

  it("create() refuses a name that is taken, also by a write that is not on disk yet", async () => {
    const body = { metadata: { name: "twice", namespace } };
    const results = await Promise.allSettled([
      client.create(ConfigMaps, body),
      client.create(ConfigMaps, body),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    await assert.rejects(
      client.create(ConfigMaps, body),
      refused("AlreadyExists", /^configmaps "twice" already exists$/),
    );
  });

  it("create() makes names from generateName", async () => {
    const made = await client.create(ConfigMaps, { metadata: { generateName: "gen-", namespace } });
    assert.match(made.metadata.name, /^gen-[a-z0-9]{5}$/);
  });

  it("create() refuses a missing namespace", async () => {
    const body = { metadata: { name: "a", namespace: "nowhere" } };
    await assert.rejects(
      client.create(ConfigMaps, body),
      refused("NotFound", /^namespaces "nowhere" not found$/),
    );
  });

  it("create() names the field of a bad name", async () => {
    const body = { metadata: { name: "Bad_Name", namespace } };
    await assert.rejects(
      client.create(ConfigMaps, body),
      refused("Invalid", /metadata\.name: Invalid value: "Bad_Name"/),
    );
  });

  it("create() with dryRun stores nothing", async () => {
    const before = server.revision();
    const made = await client.create(ConfigMaps, { metadata: { name: "dry", namespace } }, { dryRun: true });
    assert.equal(made.metadata.resourceVersion, undefined);
    assert.equal(server.revision(), before);
    await assert.rejects(
      client.get(ConfigMaps, { namespace, name: "dry" }),
      refused("NotFound", /configmaps "dry" not found/),
    );
  });
});

describe("update()", () => {
  it("update() refuses an old revision and takes none as unconditional", async () => {
    const made = await client.create(ConfigMaps, { metadata: { name: "lock", namespace }, data: { n: "0" } });
    await client.update(ConfigMaps, { ...made, data: { n: "1" } });
    await assert.rejects(
      client.update(ConfigMaps, { ...made, data: { n: "2" } }),
      refused("Conflict", /the object has been modified/),
    );
    const forced = await client.update(ConfigMaps, {
      metadata: { name: "lock", namespace },
      data: { n: "3" },
    });
    assert.equal(forced.data?.n, "3");
    assert.equal(forced.metadata.uid, made.metadata.uid);
  });

  it("update() without a change is no write", async () => {
    const made = await client.create(ConfigMaps, { metadata: { name: "same", namespace }, data: { n: "0" } });
    const again = await client.update(ConfigMaps, made);
    assert.equal(again.metadata.resourceVersion, made.metadata.resourceVersion);
  });

  it("update() keeps spec and status apart", async () => {
    const spec = {
      selector: { matchLabels: { a: "b" } },
      template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
    };
    const made = await client.create(Deployments, {
      metadata: { name: "d", namespace },
      spec,
      status: { replicas: 9 },
    });
    assert.equal(made.status?.replicas, undefined);
    const status = await client.update(
      Deployments,
      { ...made, spec: { ...made.spec!, replicas: 5 }, status: { replicas: 2 } },
      { subresource: "status" },
    );
    assert.equal(status.status?.replicas, 2);
    assert.equal(status.spec?.replicas, made.spec?.replicas);
    const next = await client.update(Deployments, {
      ...status,
      spec: { ...status.spec!, replicas: 5 },
      status: {},
    });
    assert.equal(next.status?.replicas, 2);
    assert.equal(next.metadata.generation, made.metadata.generation! + 1);
  });
});

describe("patch()", () => {
  it("patch() takes JSON, merge and strategic patches", async () => {
    const key = { namespace, name: "patched" };
    await client.create(ConfigMaps, { metadata: key, data: { a: "1", b: "2" } });
    await client.patch(ConfigMaps, key, { type: "merge", body: { data: { a: null, c: "3" } } });
    await client.patch(ConfigMaps, key, {
      type: "json",
      body: [
        { op: "test", path: "/data/c", value: "3" },
        { op: "add", path: "/data/d.e", value: "4" },
      ],
    });
    const { data } = await client.patch(ConfigMaps, key, { type: "strategic", body: { data: { b: "5" } } });
    assert.deepEqual(data, { b: "5", c: "3", "d.e": "4" });
  });

  it("patch() of a Pod's status, and a binding, share the stored spec; what they say of it is not taken", async () => {
    const containers = [{ name: "c", image: "i" }];
    const made = await client.create(Pods, { metadata: { name: "shares", namespace }, spec: { containers } });
    const key = { namespace, name: "shares" };
    const target = { apiVersion: "v1", kind: "Node", name: "n1" };
    const binding = { apiVersion: "v1", kind: "Binding", metadata: key, target };
    await client.createSubresource(Pods, key, "binding", binding);
    const bound = await client.get(Pods, key);
    assert.equal(bound.spec?.nodeName, "n1");
    assert.equal(bound.spec?.containers, made.spec?.containers);
    for (const type of ["strategic", "merge"] as const) {
      const body = { status: { message: type } };
      const patched = await client.patch(Pods, key, { type, body }, { subresource: "status" });
      assert.equal(patched.status?.message, type);
      assert.equal(patched.spec, bound.spec);
    }
    const body = { spec: { nodeName: "n2" }, status: { message: "both" } };
    const both = await client.patch(Pods, key, { type: "merge", body }, { subresource: "status" });
    assert.deepEqual([both.spec, both.status?.message], [bound.spec, "both"]);
  });

  it("patch() merges containers by name", async () => {
    const key = { namespace, name: "pod" };
    await client.create(Pods, {
      metadata: key,
      spec: {
        containers: [
          { name: "a", image: "a:1" },
          { name: "b", image: "b:1" },
        ],
      },
    });
    const { spec } = await client.patch(Pods, key, {
      type: "strategic",
      body: { spec: { containers: [{ name: "b", image: "b:2" }] } },
    });
    assert.deepEqual(
      spec?.containers.map(({ image }) => image),
      ["a:1", "b:2"],
    );
  });
});

describe("delete()", () => {
  it("delete() waits for finalizers", async () => {
    const key = { namespace, name: "held" };
    await client.create(ConfigMaps, { metadata: { ...key, finalizers: ["example.com/hold"] } });
    await client.delete(ConfigMaps, key);
    const held = await client.get(ConfigMaps, key);
    assert.ok(held.metadata.deletionTimestamp);
    await client.patch(ConfigMaps, key, { type: "merge", body: { metadata: { finalizers: null } } });
    await assert.rejects(client.get(ConfigMaps, key), refused("NotFound", /held/));
  });

  it("delete() checks preconditions", async () => {
    const key = { namespace, name: "guarded" };
    await client.create(ConfigMaps, { metadata: key });
    await assert.rejects(
      client.delete(ConfigMaps, key, { preconditions: { uid: "other" } }),
      refused("Conflict", /UID in the precondition/),
    );
  });

  it("delete() of a Namespace marks it and closes it to what is new", async () => {
    await client.create(Namespaces, { metadata: { name: "ending" }, spec: { finalizers: ["kubernetes"] } });
    await client.delete(Namespaces, { name: "ending" });
    assert.equal((await client.get(Namespaces, { name: "ending" })).status?.phase, "Terminating");
    await assert.rejects(
      client.create(ConfigMaps, { metadata: { name: "late", namespace: "ending" } }),
      refused("Forbidden", /because it is being terminated/),
    );
  });

  it("deleteCollection() takes what the selector holds", async () => {
    for (const name of ["x1", "x2"])
      await client.create(ConfigMaps, { metadata: { name, namespace, labels: { set: "x" } } });
    await client.deleteCollection(ConfigMaps, { namespace, labelSelector: "set=x" });
    assert.equal((await client.list(ConfigMaps, { namespace, labelSelector: "set=x" })).items.length, 0);
  });
});

describe("list()", () => {
  it("list() pages in the order of names", async () => {
    for (const name of ["p3", "p1", "p2"])
      await client.create(ConfigMaps, { metadata: { name, namespace, labels: { page: "y" } } });
    const first = await client.list(ConfigMaps, { namespace, labelSelector: "page=y", limit: 2 });
    const second = await client.list(ConfigMaps, {
      namespace,
      labelSelector: "page=y",
      limit: 2,
      continue: first.metadata.continue!,
    });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ metadata }) => metadata.name),
      ["p1", "p2", "p3"],
    );
    assert.equal(second.metadata.continue, undefined);
  });
});

describe("watch()", () => {
  it("watch() turns a change of labels into ADDED and DELETED for a selector", async () => {
    const { metadata } = await client.list(ConfigMaps);
    const watching = await client.watch(ConfigMaps, {
      namespace,
      labelSelector: "on=yes",
      resourceVersion: metadata.resourceVersion,
    });
    const key = { namespace, name: "w" };
    await client.create(ConfigMaps, { metadata: key });
    await client.patch(ConfigMaps, key, { type: "merge", body: { metadata: { labels: { on: "yes" } } } });
    await client.patch(ConfigMaps, key, { type: "merge", body: { data: { a: "b" } } });
    await client.patch(ConfigMaps, key, { type: "merge", body: { metadata: { labels: { on: "no" } } } });
    const types: string[] = [];
    for await (const event of watching) {
      types.push(event.type);
      if (types.length === 3) break;
    }
    assert.deepEqual(types, ["ADDED", "MODIFIED", "DELETED"]);
  });

  it("watch() resumes from a revision, and refuses one to come", async () => {
    const made = await client.create(ConfigMaps, { metadata: { name: "resumed", namespace } });
    const last = await client.update(ConfigMaps, { ...made, data: { a: "b" } });
    await client.delete(ConfigMaps, { namespace, name: "resumed" });
    const watching = await client.watch(ConfigMaps, {
      fieldSelector: "metadata.name=resumed",
      resourceVersion: made.metadata.resourceVersion,
    });
    const seen: [string, number][] = [];
    for await (const event of watching) {
      if (event.type !== "BOOKMARK") seen.push([event.type, Number(event.object.metadata.resourceVersion)]);
      if (seen.length === 2) break;
    }
    assert.deepEqual(seen, [
      ["MODIFIED", Number(last.metadata.resourceVersion)],
      ["DELETED", Number(last.metadata.resourceVersion) + 1],
    ]);
    await assert.rejects(
      client.watch(ConfigMaps, { resourceVersion: "999999999" }),
      refused("Timeout", /Too large resource version/),
    );
  });
});
