import { customSchema, type MergeSchema, nativeSchema, openSchema } from "../apply/merge-schema.ts";
import { declarations, definitionName } from "../openapi/declarations.ts";
import type { Strategy } from "./strategy.ts";

const known = new WeakMap<Strategy, MergeSchema>();

/** How the objects of a strategy are merged by server-side apply. */
export function mergeSchemaOf(strategy: Strategy): MergeSchema {
  let schema = known.get(strategy);
  if (schema === undefined) {
    schema = make(strategy);
    known.set(strategy, schema);
  }
  return schema;
}

function make({ type, custom }: Strategy): MergeSchema {
  if (custom === undefined)
    return nativeSchema(declarations, definitionName(type.group, type.version, type.kind));
  return custom.openAPIV3Schema === undefined
    ? openSchema
    : customSchema(declarations, custom.openAPIV3Schema);
}
