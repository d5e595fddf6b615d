import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type CustomResourceDefinition, CustomResourceDefinitions } from "@jdos/api";
import { deepCopy, type KubeObject, type ResourceType, StatusError } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

interface Widget extends KubeObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

const widgets: ResourceType<Widget> = {
  group: "example.com",
  version: "v1",
  resource: "widgets",
  kind: "Widget",
  namespaced: true,
};

const schema = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["color"],
      properties: {
        color: { type: "string", enum: ["red", "blue"] },
        size: { type: "integer", minimum: 1, default: 3 },
        name: { type: "string", pattern: "^[a-z]+$" },
        port: { "x-kubernetes-int-or-string": true },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        list: {
          type: "array",
          maxItems: 2,
          items: { type: "object", properties: { a: { type: "string", default: "x" } } },
        },
      },
    },
    status: { type: "object", properties: { ready: { type: "boolean" } } },
  },
};

function definition(
  change: (version: Record<string, unknown>) => void = () => {},
  plural = "widgets",
): CustomResourceDefinition {
  const version = {
    name: "v1",
    served: true,
    storage: true,
    subresources: { status: {} },
    schema: { openAPIV3Schema: structuredClone(schema) },
  };
  change(version);
  return {
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural, kind: plural === "widgets" ? "Widget" : "Other" },
      versions: [version],
    },
  } as CustomResourceDefinition;
}

let server: TestServer;
let client: Client;
let count = 0;

before(async () => {
  server = await startTestServer({ crds: [definition()] });
  client = server.adminClient();
});
after(() => server.stop());

function create(spec: Record<string, unknown>, rest: object = {}): Promise<Widget> {
  const object = { metadata: { name: `w${++count}`, namespace: "default" }, spec, ...rest };
  return client.create(widgets, object) as Promise<Widget>;
}

test("create() fills in defaults and drops what the schema does not know", async () => {
  const { spec, metadata, status } = await create(
    { color: "red", foo: 1, free: { any: { thing: 1 } }, list: [{ b: 1 }] },
    { status: { ready: true }, other: 1 },
  );
  assert.deepEqual(spec, { color: "red", size: 3, free: { any: { thing: 1 } }, list: [{ a: "x" }] });
  assert.equal(metadata?.generation, 1);
  assert.equal(status, undefined);
});

const refused: readonly [string, Record<string, unknown>, string][] = [
  ["a missing member", {}, "spec.color: Required value"],
  [
    "a value outside an enumeration",
    { color: "green" },
    'spec.color: Unsupported value: "green": supported values: "red", "blue"',
  ],
  [
    "a value of the wrong type",
    { color: "red", size: "x" },
    'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
  ],
  [
    "a number below its bound",
    { color: "red", size: 0 },
    "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
  ],
  [
    "a string against its pattern",
    { color: "red", name: "A" },
    "spec.name: Invalid value: \"A\": spec.name in body should match '^[a-z]+$'",
  ],
  [
    "a flag where a number or a string belongs",
    { color: "red", port: true },
    'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
  ],
  [
    "too many items",
    { color: "red", list: [{}, {}, {}] },
    "spec.list: Too many: 3: must have at most 2 items",
  ],
];

for (const [what, spec, sentence] of refused) {
  test(`create() refuses ${what}`, async () => {
    const error = await create(spec).then(
      () => assert.fail("it was accepted"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof StatusError);
    assert.equal(error.reason, "Invalid");
    assert.deepEqual(
      (error.details?.causes ?? []).map((cause) => `${cause.field}: ${cause.message}`),
      [sentence],
    );
  });
}

test("update() keeps spec and status apart and counts generations", async () => {
  const created = deepCopy<Widget>((await create({ color: "red" })) as never);
  const onMain = await client.update(widgets, {
    ...created,
    spec: { color: "blue" },
    status: { ready: true },
  });
  assert.deepEqual([onMain.metadata.generation, onMain.status], [2, undefined]);
  const next = deepCopy<Widget>(onMain as never);
  const onStatus = await client.update(
    widgets,
    { ...next, spec: { color: "red" }, status: { ready: true } },
    { subresource: "status" },
  );
  assert.deepEqual(
    [onStatus.metadata.generation, onStatus.spec?.color, onStatus.status],
    [2, "blue", { ready: true }],
  );
});

const malformed: readonly [string, (version: Record<string, unknown>) => void, string][] = [
  [
    "no schema",
    (version) => delete version.schema,
    "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required",
  ],
  [
    "a node without a type",
    (version) =>
      Object.assign(version, { schema: { openAPIV3Schema: { type: "object", properties: { a: {} } } } }),
    "spec.versions[0].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields",
  ],
  [
    "a root that is no object",
    (version) => Object.assign(version, { schema: { openAPIV3Schema: { type: "string" } } }),
    'spec.versions[0].schema.openAPIV3Schema.type: Invalid value: "string": must be object at the root',
  ],
  [
    "no storage version",
    (version) => Object.assign(version, { storage: false }),
    'spec.versions: Invalid value: ["v1"]: must have exactly one version marked as storage version',
  ],
];

for (const [what, change, sentence] of malformed) {
  test(`create() refuses a definition with ${what}`, async () => {
    const error = await client.create(CustomResourceDefinitions, definition(change, "others")).then(
      () => assert.fail("it was accepted"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof StatusError);
    assert.deepEqual(
      (error.details?.causes ?? []).map((cause) => `${cause.field}: ${cause.message}`),
      [sentence],
    );
  });
}

test("get() gives an object in each version that is served, and in no other", async () => {
  const versions = definition().spec.versions;
  const two = definition(() => {}, "others");
  two.spec.versions = [
    ...two.spec.versions,
    { ...versions[0]!, name: "v1beta1", storage: false },
    { ...versions[0]!, name: "v0", served: false, storage: false },
  ];
  const own = await startTestServer({ crds: [two] });
  try {
    const admin = own.adminClient();
    const others = { ...widgets, resource: "others", kind: "Other" };
    const key = { name: "a", namespace: "default" };
    await admin.create(others, { metadata: key, spec: { color: "red" } });
    const beta = await admin.get({ ...others, version: "v1beta1" }, key);
    assert.deepEqual([beta.apiVersion, beta.spec?.color], ["example.com/v1beta1", "red"]);
    await assert.rejects(admin.get({ ...others, version: "v0" }, key), { reason: "NotFound" });
  } finally {
    await own.stop();
  }
});

test("create() asks the rules of the schema", async () => {
  const ruled = definition((version) => {
    const root = (version.schema as { openAPIV3Schema: typeof schema }).openAPIV3Schema;
    Object.assign(root.properties.spec, {
      "x-kubernetes-validations": [{ rule: "self.size < 10", message: "too big" }],
    });
  });
  const own = await startTestServer({ crds: [ruled] });
  try {
    const big = { metadata: { name: "a", namespace: "default" }, spec: { color: "red", size: 10 } };
    await assert.rejects(own.adminClient().create(widgets, big), {
      message: 'Widget.example.com "a" is invalid: spec: Invalid value: "object": too big',
    });
  } finally {
    await own.stop();
  }
});

test("delete() of a definition takes its objects along and stops serving them", async () => {
  const own = await startTestServer({ crds: [definition()] });
  try {
    const admin = own.adminClient();
    await admin.create(widgets, { metadata: { name: "a", namespace: "default" }, spec: { color: "red" } });
    const { metadata } = await admin.list(CustomResourceDefinitions);
    await admin.delete(CustomResourceDefinitions, { name: "widgets.example.com" });
    const watch = await admin.watch(CustomResourceDefinitions, { resourceVersion: metadata.resourceVersion });
    for await (const event of watch) if (event.type === "DELETED") break;
    await assert.rejects(admin.list(widgets), { reason: "NotFound" });
    assert.deepEqual((await admin.list(CustomResourceDefinitions)).items, []);
  } finally {
    await own.stop();
  }
});
