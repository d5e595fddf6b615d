import { isObject, type Members, memberSchema, type Schema } from "./schema.ts";

/** Members every object and every embedded resource has besides those of its schema. */
const ALWAYS = ["apiVersion", "kind", "metadata"];

/** Takes away, in place, what the schema does not know; returns the paths of what went. */
export function prune(schema: Schema, object: object): string[] {
  const gone: string[] = [];
  pruneObject(schema, object as Members, { path: "", embedded: true, gone });
  return gone;
}

interface Place {
  path: string;
  /** Whether the object is a resource itself. */
  embedded: boolean;
  gone: string[];
}

function pruneObject(schema: Schema, object: Members, { path, embedded, gone }: Place): void {
  const keepsAll =
    schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true;
  for (const [name, value] of Object.entries(object)) {
    if (embedded && ALWAYS.includes(name)) continue;
    const at = path === "" ? name : `${path}.${name}`;
    const member = memberSchema(schema, name);
    if (member !== undefined) pruneValue(member, value, at, gone);
    else if (!keepsAll) {
      gone.push(at);
      delete object[name];
    }
  }
}

function pruneValue(schema: Schema, value: unknown, path: string, gone: string[]): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined)
      value.forEach((item, index) => void pruneValue(items, item, `${path}[${index}]`, gone));
  } else if (isObject(value)) {
    const embedded = schema["x-kubernetes-embedded-resource"] === true;
    if (
      schema.properties === undefined &&
      schema.additionalProperties === undefined &&
      schema.type !== "object"
    )
      return;
    pruneObject(schema, value, { path, embedded, gone });
  }
}
