import { deepCopy, deepEqual, StatusError } from "@jdos/apimachinery";
import { isRecord } from "./merge-patch.ts";

export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
  readonly from?: string;
}

const MAX_OPERATIONS = 10_000;

/**
 * RFC 6902, on a copy of the target that the caller gives away.
 * @throws StatusError BadRequest for a malformed patch, Invalid when it does not fit the object
 */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations))
    throw new StatusError("BadRequest", "error decoding patch: json patch must be an array of operations");
  if (operations.length > MAX_OPERATIONS) {
    throw new StatusError(
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    );
  }
  let result = target;
  for (const operation of operations) result = applyOne(result, operation as JsonPatchOperation);
  return result;
}

function applyOne(root: unknown, operation: JsonPatchOperation): unknown {
  if (!isRecord(operation) || typeof operation.op !== "string" || typeof operation.path !== "string") {
    throw new StatusError("BadRequest", "error decoding patch: each operation needs op and path");
  }
  const { op, path, value, from } = operation;
  switch (op) {
    case "add":
    case "replace":
      if (value === undefined)
        throw new StatusError("BadRequest", `error decoding patch: operation ${op} ${path} needs a value`);
      return op === "add" ? add(root, path, deepCopy(value)) : replace(root, path, deepCopy(value));
    case "remove":
      return remove(root, path);
    case "test":
      if (!deepEqual(read(root, path) ?? null, value ?? null)) throw unfit(`testing value ${path} failed`);
      return root;
    case "copy":
      return add(root, path, deepCopy(mustRead(root, from)));
    case "move": {
      const moved = mustRead(root, from);
      return add(remove(root, from!), path, moved);
    }
    default:
      throw new StatusError("BadRequest", `error decoding patch: Unexpected kind: ${op}`);
  }
}

function segments(path: string): string[] {
  if (path === "") return [];
  if (!path.startsWith("/"))
    throw new StatusError(
      "BadRequest",
      `error decoding patch: path ${JSON.stringify(path)} must begin with "/"`,
    );
  return path
    .slice(1)
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(root: unknown, path: string): unknown {
  let value = root;
  for (const segment of segments(path)) {
    if (Array.isArray(value)) value = value[indexOf(value, segment, value.length - 1)];
    else if (isRecord(value) && Object.hasOwn(value, segment)) value = value[segment];
    else return undefined;
  }
  return value;
}

function mustRead(root: unknown, path: string | undefined): unknown {
  if (typeof path !== "string")
    throw new StatusError("BadRequest", "error decoding patch: the operation needs from");
  const value = read(root, path);
  if (value === undefined) throw unfit(`missing value at ${path}`);
  return value;
}

function parentOf(root: unknown, path: string): { parent: unknown; last: string } {
  const parts = segments(path);
  const last = parts.pop()!;
  const parent = read(
    root,
    parts.length === 0
      ? ""
      : `/${parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`,
  );
  if (parent === undefined || parent === null || typeof parent !== "object")
    throw unfit(`operation does not apply: doc is missing path: ${path}: missing value`);
  return { parent, last };
}

function add(root: unknown, path: string, value: unknown): unknown {
  if (path === "") return value;
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent))
    parent.splice(last === "-" ? parent.length : indexOf(parent, last, parent.length), 0, value);
  else if (last !== "__proto__") (parent as Record<string, unknown>)[last] = value;
  return root;
}

function replace(root: unknown, path: string, value: unknown): unknown {
  if (path === "") return value;
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent[indexOf(parent, last, parent.length - 1)] = value;
  else if (Object.hasOwn(parent as object, last)) (parent as Record<string, unknown>)[last] = value;
  else throw unfit(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  return root;
}

function remove(root: unknown, path: string): unknown {
  const { parent, last } = parentOf(root, path);
  if (Array.isArray(parent)) parent.splice(indexOf(parent, last, parent.length - 1), 1);
  else if (Object.hasOwn(parent as object, last)) delete (parent as Record<string, unknown>)[last];
  else throw unfit(`remove operation does not apply: doc is missing path: ${path}: missing value`);
  return root;
}

function indexOf(array: readonly unknown[], segment: string, highest: number): number {
  const index = /^(0|[1-9]\d*)$/.test(segment) ? Number(segment) : Number.NaN;
  if (Number.isNaN(index) || index > highest)
    throw unfit(`index ${segment} is out of bounds of an array of ${array.length}`);
  return index;
}

function unfit(message: string): StatusError {
  return new StatusError(
    "Invalid",
    `the server rejected our request due to an error in our request: ${message}`,
  );
}
