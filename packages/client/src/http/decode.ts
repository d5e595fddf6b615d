import { isUtf8 } from "node:buffer";
import { apiVersionOf, deepFreeze, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { NamespacedName, ObjectList, Stored } from "../client.ts";
import { GarbledError } from "../errors.ts";

/**
 * JSON out of bytes.
 * @throws GarbledError when they are no UTF-8, or not one whole JSON object: nothing is guessed or replaced
 */
export function parseObject(bytes: Buffer, what: string): object {
  if (!isUtf8(bytes)) throw garbled(what, "it is not UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw garbled(what, bytes.length === 0 ? "it is empty" : "it is not JSON", cause);
  }
  return objectOr(value, () => garbled(what, "it is no object"));
}

/**
 * An object of the type, typed and frozen. With `asked`, it must be the object that was asked for.
 * @throws GarbledError
 */
export function decodeObject<T extends KubeObject>(
  type: ResourceType<T>,
  value: object,
  asked?: NamespacedName,
): Stored<T> {
  const { metadata } = value as { metadata?: { name?: unknown } };
  objectOr(metadata, () => garbled(type.resource, "an object has no metadata"));
  if (asked !== undefined && metadata?.name !== asked.name)
    throw garbled(type.resource, `it is of "${metadata?.name}", not of "${asked.name}"`);
  return typed(type, value);
}

/** @throws GarbledError */
export function decodeList<T extends KubeObject>(type: ResourceType<T>, value: object): ObjectList<T> {
  const { items, metadata } = value as { items?: unknown; metadata?: unknown };
  if (items !== null && !Array.isArray(items)) throw garbled(type.resource, "a list has no items");
  objectOr(metadata, () => garbled(type.resource, "a list has no metadata"));
  return Object.freeze({
    items: Object.freeze(((items ?? []) as unknown[]).map((item) => decodeNamed(type, item))),
    metadata: Object.freeze(metadata as ObjectList<T>["metadata"]),
  });
}

/**
 * An object as it stands in lists and watches: of this Kind and named.
 * @throws GarbledError
 */
export function decodeNamed<T extends KubeObject>(type: ResourceType<T>, value: unknown): Stored<T> {
  const object = objectOr(value, () => garbled(type.resource, "an item is no object"));
  const { kind, metadata } = object as { kind?: unknown; metadata?: { name?: unknown } };
  if (kind !== undefined && kind !== type.kind) throw garbled(type.resource, `an item is a "${kind}"`);
  if (typeof metadata?.name !== "string" || metadata.name === "")
    throw garbled(type.resource, "an item has no name");
  return typed(type, object);
}

/** Items of a list carry no type on the wire: give it to them. */
function typed<T extends KubeObject>(type: ResourceType<T>, object: object): Stored<T> {
  const named = object as { apiVersion?: string; kind?: string };
  named.apiVersion ??= apiVersionOf(type);
  named.kind ??= type.kind;
  return deepFreeze(named) as unknown as Stored<T>;
}

function objectOr(value: unknown, error: () => Error): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw error();
  return value;
}

export function garbled(what: string, why: string, cause?: unknown): GarbledError {
  return new GarbledError(`Cannot use the answer for "${what}": ${why}`, { cause });
}
