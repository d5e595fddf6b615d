import assert from "node:assert/strict";
import { test } from "node:test";
import { strategyOf } from "../customresources/index.ts";
import { Catalog } from "../registry/catalog.ts";
import { strategies } from "../registry/strategies.ts";
import { Declarations } from "./declarations.ts";
import { OpenApi } from "./document.ts";

function build(): { catalog: Catalog; openApi: OpenApi } {
  const catalog = new Catalog(strategies);
  return { catalog, openApi: new OpenApi({ catalog, declarations: new Declarations(), version: "v1.32.0" }) };
}

const definition = {
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", properties: { port: { "x-kubernetes-int-or-string": true } } },
            },
          },
        },
      },
    ],
  },
};
const widgets = strategyOf(definition as never, definition.spec.versions[0] as never);

interface Document {
  paths: Record<
    string,
    Record<string, { parameters?: { name: string }[]; requestBody?: { content: object } }>
  >;
  definitions: Record<string, { properties: Record<string, object> }>;
  components: { schemas: Record<string, object> };
}

function references(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, member] of Object.entries(value)) {
    if (key === "$ref" && typeof member === "string") found.add(member);
    else references(member, found);
  }
  return found;
}

test("v2() has a definition for every reference", () => {
  const { catalog, openApi } = build();
  catalog.install(widgets);
  const document = JSON.parse(openApi.v2("json").body.toString()) as Document;
  const missing = [...references(document)].filter(
    (reference) => document.definitions[reference.replace("#/definitions/", "")] === undefined,
  );
  assert.deepEqual(missing, []);
});

test("v2() says how lists are merged", () => {
  const document = JSON.parse(build().openApi.v2("json").body.toString()) as Document;
  const containers = document.definitions["io.k8s.api.core.v1.PodSpec"]?.properties.containers as Record<
    string,
    unknown
  >;
  assert.equal(containers["x-kubernetes-patch-merge-key"], "name");
  assert.equal(containers["x-kubernetes-patch-strategy"], "merge");
});

test("v3() has a schema for every reference, in every group and version", () => {
  const { catalog, openApi } = build();
  catalog.install(widgets);
  const index = JSON.parse(openApi.v3Index().body.toString()) as { paths: object };
  for (const path of Object.keys(index.paths)) {
    const document = JSON.parse(openApi.v3(path)!.body.toString()) as Document;
    const missing = [...references(document)].filter(
      (reference) =>
        document.components.schemas[reference.replace("#/components/schemas/", "")] === undefined,
    );
    assert.deepEqual(missing, [], path);
  }
});

test("v3() offers strategic merge patches of built-in resources only, and field validation of both", () => {
  const { catalog, openApi } = build();
  catalog.install(widgets);
  const patchOf = (path: string, item: string) => {
    const document = JSON.parse(openApi.v3(path)!.body.toString()) as Document;
    const patch = document.paths[item]!.patch!;
    assert.ok(patch.parameters?.some((parameter) => parameter.name === "fieldValidation"));
    return Object.keys(patch.requestBody!.content);
  };
  const strategic = "application/strategic-merge-patch+json";
  assert.ok(patchOf("api/v1", "/api/v1/namespaces/{namespace}/pods/{name}").includes(strategic));
  const custom = "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}";
  assert.ok(!patchOf("apis/example.com/v1", custom).includes(strategic));
});

test("v3Index() gives another URL when a custom resource changes, the same for the rest", () => {
  const { catalog, openApi } = build();
  const urls = () =>
    (JSON.parse(openApi.v3Index().body.toString()) as { paths: Record<string, object> }).paths;
  const before = urls();
  catalog.install(widgets);
  const after = urls();
  assert.equal(before["apis/example.com/v1"], undefined);
  assert.ok(after["apis/example.com/v1"]);
  assert.deepEqual(after["api/v1"], before["api/v1"]);
});

test("v2() keeps a document until something is installed", () => {
  const { catalog, openApi } = build();
  const first = openApi.v2("protobuf");
  assert.equal(openApi.v2("protobuf"), first);
  catalog.install(widgets);
  assert.notEqual(openApi.v2("protobuf").etag, first.etag);
});
