import { deepEqual } from "@jdos/apimachinery";
import { isRecord } from "../patch/merge-patch.ts";
import { FieldSet } from "./field-set.ts";
import type { MergeSchema } from "./merge-schema.ts";

/** What a missing key of a keyed list stands for. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: "TCP" };

/** The element that names an item of a list; undefined where the list is not merged by items. */
export function elementOf(item: unknown, { list, keys }: MergeSchema): string | undefined {
  if (list === "set") return `v:${JSON.stringify(item)}`;
  if (list !== "map" || !isRecord(item)) return undefined;
  const named = [...keys].sort().map((key) => [key, item[key] ?? KEY_DEFAULTS[key]] as const);
  return `k:${JSON.stringify(Object.fromEntries(named.filter(([, value]) => value !== undefined)))}`;
}

/** Every field of a value. */
export function fieldsOf(value: unknown, schema: MergeSchema): FieldSet {
  const set = new FieldSet();
  gather(value, schema, set);
  return set;
}

function gather(value: unknown, schema: MergeSchema, set: FieldSet): void {
  if (Array.isArray(value) && schema.list !== "atomic" && value.length > 0) {
    for (const item of value) gatherItem(item, schema, set);
  } else if (isRecord(value) && !schema.atomic && Object.keys(value).length > 0) {
    for (const [name, member] of Object.entries(value))
      gather(member, schema.field(name), set.child(`f:${name}`));
  } else set.own = true;
}

function gatherItem(item: unknown, schema: MergeSchema, set: FieldSet): void {
  const node = set.child(elementOf(item, schema) ?? "");
  node.own = true;
  if (schema.list !== "map" || !isRecord(item)) return;
  for (const [name, member] of Object.entries(item))
    gather(member, schema.item().field(name), node.child(`f:${name}`));
}

/** The fields of `next` that are new or have another value than in `old`. */
export function changedFields(old: unknown, next: unknown, schema: MergeSchema): FieldSet {
  const set = new FieldSet();
  compare(old, next, { schema, set });
  return set;
}

function compare(old: unknown, next: unknown, { schema, set }: { schema: MergeSchema; set: FieldSet }): void {
  if (deepEqual(old, next)) return;
  if (Array.isArray(next) && Array.isArray(old) && schema.list !== "atomic" && next.length > 0) {
    const known = new Map(old.map((item) => [elementOf(item, schema), item]));
    for (const item of next) {
      const element = elementOf(item, schema) ?? "";
      if (!known.has(element)) gatherItem(item, schema, set);
      else if (schema.list === "map")
        compareMembers(known.get(element), item, { schema: schema.item(), set: set.child(element) });
    }
  } else if (isRecord(next) && isRecord(old) && !schema.atomic && Object.keys(next).length > 0)
    compareMembers(old, next, { schema, set });
  else gather(next, schema, set);
}

function compareMembers(
  old: unknown,
  next: unknown,
  { schema, set }: { schema: MergeSchema; set: FieldSet },
): void {
  for (const [name, member] of Object.entries(next as Record<string, unknown>)) {
    compare((old as Record<string, unknown>)[name], member, {
      schema: schema.field(name),
      set: set.child(`f:${name}`),
    });
  }
}

/** `live` with what `applied` says put into it. Both are the result's to keep. */
export function merge(live: unknown, applied: unknown, schema: MergeSchema): unknown {
  if (isRecord(applied) && isRecord(live) && !schema.atomic) {
    for (const [name, member] of Object.entries(applied)) {
      if (name !== "__proto__") live[name] = merge(live[name], member, schema.field(name));
    }
    return live;
  }
  if (!Array.isArray(applied) || !Array.isArray(live) || schema.list === "atomic") return applied;
  const places = new Map(live.map((item, index) => [elementOf(item, schema), index]));
  for (const item of applied) {
    const place = places.get(elementOf(item, schema));
    if (place === undefined) live.push(item);
    else live[place] = merge(live[place], item, schema.item());
  }
  return live;
}

/** Takes fields away, in place, but for what `kept` still holds. Returns whether nothing is left of the value. */
export function removeFields(
  value: unknown,
  fields: FieldSet,
  { schema, kept, path = [] }: { schema: MergeSchema; kept: FieldSet; path?: readonly string[] },
): boolean {
  if (fields.own && !kept.reaches(path)) return true;
  if (Array.isArray(value)) {
    if (schema.list === "atomic" || fields.children.size === 0) return false;
    for (let index = value.length - 1; index >= 0; index--) {
      const element = elementOf(value[index], schema) ?? "";
      const below = fields.children.get(element);
      if (below === undefined) continue;
      if (removeFields(value[index], below, { schema: schema.item(), kept, path: [...path, element] }))
        value.splice(index, 1);
    }
    return value.length === 0;
  }
  if (!isRecord(value) || fields.children.size === 0) return false;
  for (const [element, below] of fields.children) {
    const name = element.slice(2);
    if (!Object.hasOwn(value, name)) continue;
    if (removeFields(value[name], below, { schema: schema.field(name), kept, path: [...path, element] }))
      delete value[name];
  }
  return Object.keys(value).length === 0;
}
