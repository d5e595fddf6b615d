import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Deployments, Services } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

const namespace = "default";
let server: TestServer;
let client: Client;

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
});
after(() => server.stop());

const configMap = (data: Record<string, string>, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata,
  data,
});

function applyMap(
  name: string,
  fieldManager: string,
  data: Record<string, string>,
  options: { force?: boolean; dryRun?: boolean } = {},
) {
  return client.patch(
    ConfigMaps,
    { namespace, name },
    { type: "apply", body: configMap(data) },
    { fieldManager, ...options },
  );
}

function managersOf(object: {
  readonly metadata: {
    readonly managedFields?: readonly {
      readonly manager?: string;
      readonly operation?: string;
      readonly fieldsV1?: unknown;
    }[];
  };
}) {
  return Object.fromEntries(
    (object.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [
      `${manager} ${operation}`,
      fieldsV1,
    ]),
  );
}

describe("applyObject()", () => {
  it("applyObject() makes what is not there and takes out what is no longer said", async () => {
    const made = await applyMap("own", "one", { a: "1", b: "2" });
    assert.deepEqual(managersOf(made), { "one Apply": { "f:data": { "f:a": {}, "f:b": {} } } });
    const next = await applyMap("own", "one", { b: "3", c: "4" });
    assert.deepEqual(next.data, { b: "3", c: "4" });
    assert.equal(next.metadata.uid, made.metadata.uid);
  });

  it("applyObject() of the same again is no write", async () => {
    const made = await applyMap("same", "one", { a: "1" });
    assert.equal(
      (await applyMap("same", "one", { a: "1" })).metadata.resourceVersion,
      made.metadata.resourceVersion,
    );
  });

  it("applyObject() keeps what another manager holds, shared or alone", async () => {
    await applyMap("shared", "one", { a: "1", b: "1" });
    await applyMap("shared", "two", { b: "1", c: "1" });
    const next = await applyMap("shared", "one", { a: "1" });
    assert.deepEqual(next.data, { a: "1", b: "1", c: "1" });
    assert.deepEqual(managersOf(next), {
      "two Apply": { "f:data": { "f:b": {}, "f:c": {} } },
      "one Apply": { "f:data": { "f:a": {} } },
    });
  });

  it("applyObject() names the conflict, and takes the field over when forced", async () => {
    await applyMap("fought", "one", { a: "1" });
    await assert.rejects(applyMap("fought", "two", { a: "2" }), (error) => {
      assert.ok(isStatus(error, "Conflict"));
      assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "one" using v1: .data.a');
      assert.deepEqual(error.details?.causes, [
        { reason: "FieldManagerConflict", message: 'conflict with "one" using v1', field: ".data.a" },
      ]);
      return true;
    });
    const taken = await applyMap("fought", "two", { a: "2" }, { force: true });
    assert.deepEqual(managersOf(taken), { "two Apply": { "f:data": { "f:a": {} } } });
  });

  it("applyObject() gives a field to whoever updates it, and what was there before to its writers", async () => {
    await client.create(ConfigMaps, { metadata: { name: "older", namespace }, data: { a: "1", z: "1" } });
    await assert.rejects(
      applyMap("older", "one", { a: "2" }),
      (error) => isStatus(error, "Conflict") && /before-first-apply/.test(error.message),
    );
    await applyMap("older", "one", { a: "1" });
    await client.patch(
      ConfigMaps,
      { namespace, name: "older" },
      { type: "merge", body: { data: { a: "5" } } },
      { fieldManager: "editor" },
    );
    await assert.rejects(
      applyMap("older", "one", { a: "1" }),
      (error) => isStatus(error, "Conflict") && /conflict with "editor"/.test(error.message),
    );
  });

  it("applyObject() merges lists by their keys", async () => {
    const container = (name: string, image: string, ports: number[] = []) => ({
      name,
      image,
      ports: ports.map((containerPort) => ({ containerPort })),
    });
    const body = (containers: object[]) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { labels: { app: "x" } },
      spec: {
        selector: { matchLabels: { app: "x" } },
        template: { metadata: { labels: { app: "x" } }, spec: { containers } },
      },
    });
    const key = { namespace, name: "lists" };
    await client.patch(
      Deployments,
      key,
      { type: "apply", body: body([container("a", "a:1", [80])]) },
      { fieldManager: "one" },
    );
    await client.patch(
      Deployments,
      key,
      {
        type: "apply",
        body: {
          apiVersion: "apps/v1",
          kind: "Deployment",
          spec: { template: { spec: { containers: [container("side", "s:1")] } } },
        },
      },
      { fieldManager: "two" },
    );
    const next = await client.patch(
      Deployments,
      key,
      { type: "apply", body: body([container("a", "a:2", [81])]) },
      { fieldManager: "one" },
    );
    assert.deepEqual(
      next.spec?.template.spec?.containers.map(({ name, image, ports }) => [
        name,
        image,
        ports?.map(({ containerPort }) => containerPort),
      ]),
      [
        ["a", "a:2", [81]],
        ["side", "s:1", undefined],
      ],
    );
  });

  it("applyObject() knows a port by its number and the protocol it defaults to", async () => {
    const body = {
      apiVersion: "v1",
      kind: "Service",
      spec: { selector: { app: "x" }, ports: [{ name: "web", port: 80 }] },
    };
    const key = { namespace, name: "ports" };
    await client.patch(Services, key, { type: "apply", body }, { fieldManager: "one" });
    const again = await client.patch(
      Services,
      key,
      { type: "apply", body: { ...body, spec: { ...body.spec, ports: [{ name: "http", port: 80 }] } } },
      { fieldManager: "one" },
    );
    assert.deepEqual(
      again.spec?.ports?.map(({ name, port, protocol }) => [name, port, protocol]),
      [["http", 80, "TCP"]],
    );
  });

  it("applyObject() demands a manager and refuses managedFields", async () => {
    const key = { namespace, name: "refused" };
    await assert.rejects(
      client.patch(ConfigMaps, key, { type: "apply", body: configMap({}) }),
      (error) => isStatus(error, "Invalid") && /fieldManager: Required value/.test(error.message),
    );
    await assert.rejects(
      client.patch(
        ConfigMaps,
        key,
        { type: "apply", body: configMap({}, { managedFields: [] }) },
        { fieldManager: "one" },
      ),
      (error) => isStatus(error, "BadRequest"),
    );
  });
});
