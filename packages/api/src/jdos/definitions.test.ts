import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { definitionFiles } from "./definition-files.ts";
import { JDOS_DEFINITIONS } from "./definitions.ts";

const directory = join(import.meta.dirname, "../../../../manifests/crds");

test("definitionFiles() are what manifests/crds holds: run packages/api/src/jdos/generate.ts otherwise", () => {
  const files = definitionFiles();
  assert.deepEqual(readdirSync(directory).sort(), [...files.keys()].sort());
  for (const [name, text] of files) assert.equal(readFileSync(join(directory, name), "utf8"), text, name);
});

test("JDOS_DEFINITIONS are structural: every node has a type, every required member is described", () => {
  for (const definition of JDOS_DEFINITIONS) {
    for (const version of definition.spec.versions)
      check(version.schema?.openAPIV3Schema, definition.metadata?.name ?? "");
  }
});

test("JDOS_DEFINITIONS describe every member", () => {
  for (const definition of JDOS_DEFINITIONS) {
    const schema = definition.spec.versions[0]?.schema?.openAPIV3Schema as Node;
    for (const part of ["spec", "status"])
      described(schema.properties?.[part] as Node, `${definition.spec.names.kind}.${part}`);
  }
});

interface Node {
  type?: string;
  description?: string;
  properties?: Record<string, Node>;
  additionalProperties?: Node;
  items?: Node;
  required?: string[];
}

function check(value: unknown, path: string): void {
  const node = value as Node;
  assert.equal(typeof node.type, "string", `${path} has no type`);
  for (const name of node.required ?? [])
    assert.ok(node.properties?.[name], `${path}.${name} is required but not described`);
  for (const [name, child] of children(node)) check(child, `${path}.${name}`);
}

function described(node: Node, path: string): void {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    assert.ok(child.description, `${path}.${name} has no description`);
    described(child, `${path}.${name}`);
  }
  if (node.items !== undefined) described(node.items, `${path}[]`);
}

function children(node: Node): [string, Node][] {
  const list: [string, Node][] = Object.entries(node.properties ?? {});
  if (node.items !== undefined) list.push(["[]", node.items]);
  if (node.additionalProperties !== undefined) list.push(["{}", node.additionalProperties]);
  return list;
}
