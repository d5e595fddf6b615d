import { deepCopy } from "@jdos/apimachinery";
import { isObject, type Members, memberSchema, type Schema } from "./schema.ts";

/** Fills in, in place, the defaults of a schema where a member is absent, or null though it may not be. */
export function applyDefaults(schema: Schema, value: unknown): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) applyDefaults(schema.items, item);
  } else if (isObject(value)) {
    defaultMembers(schema, value);
    for (const [name, member] of Object.entries(value)) {
      const memberOf = memberSchema(schema, name);
      if (memberOf !== undefined) applyDefaults(memberOf, member);
    }
  }
}

function defaultMembers(schema: Schema, object: Members): void {
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const value = object[name];
    if (value === null && member.nullable !== true) {
      if (member.default === undefined) delete object[name];
      else object[name] = deepCopy(member.default);
    } else if (value === undefined && member.default !== undefined) {
      object[name] = deepCopy(member.default);
    }
  }
}
