import assert from "node:assert/strict";
import { test } from "node:test";
import { declarations, definitionName, type FieldType } from "../openapi/declarations.ts";
import { mergeExtensions } from "../openapi/field-facts.ts";
import { strategies } from "../registry/strategies.ts";
import { isMergedSet, mergeKeyOf } from "./merge-keys.ts";

/** Patches of definitions themselves are rare; their conditions are replaced by the API, merged here. */
const KNOWN_DIFFERENCE = "CustomResourceDefinitionStatus.conditions";

interface Difference {
  field: string;
  said: unknown;
  done: unknown;
}

function differences(): Difference[] {
  const found: Difference[] = [];
  const seen = new Set<string>();
  const walk = (name: string, parent: string): void => {
    const definition = declarations.get(name);
    if (definition === undefined || seen.has(`${name} ${parent}`)) return;
    seen.add(`${name} ${parent}`);
    for (const [field, { type }] of definition.fields) {
      compare(found, { name, parent, field, type });
      for (let inner: FieldType = type; ; inner = inner.of) {
        if (inner.kind === "ref") walk(inner.to, field);
        if (inner.kind !== "list" && inner.kind !== "map") break;
      }
    }
  };
  for (const { type } of strategies) walk(definitionName(type.group, type.version, type.kind), "");
  return found;
}

interface Place {
  name: string;
  parent: string;
  field: string;
  type: FieldType;
}

function compare(found: Difference[], { name, parent, field, type }: Place): void {
  const path = `${name.slice(name.lastIndexOf(".") + 1)}.${field}`;
  if (type.kind !== "list" || path === KNOWN_DIFFERENCE) return;
  const extensions = mergeExtensions(name, field, "list");
  const merges = extensions["x-kubernetes-patch-strategy"] !== undefined;
  const said = merges ? (extensions["x-kubernetes-patch-merge-key"] ?? "as a set") : undefined;
  const done = isMergedSet(parent, field) ? "as a set" : mergeKeyOf(parent, field);
  if (said !== done) found.push({ field: `${path} in ${parent}`, said, done });
}

test("strategic merge patches do what OpenAPI says of each list of each Kind", () => {
  assert.deepEqual(differences(), []);
});
