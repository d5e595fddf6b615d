import type { Content } from "@jdos/api/older-shapes";
import { apiVersionOf, invalid, type ResourceType } from "@jdos/apimachinery";
import type { Patch } from "../client.ts";
import type { ServedVersion } from "./served-version.ts";

type Served = Required<ServedVersion>;
type Operation = Extract<Patch, { type: "json" }>["body"][number];

/** A patch of the newest shape as the served version takes it. What cannot be said there is refused as Invalid. */
export function patchToOlder(patch: Patch, served: Served, name: string): Patch {
  if (patch.type === "json")
    return { ...patch, body: patch.body.map((operation) => translate(operation, served, name)) };
  const body = patch.body as Content;
  refuseLacking(body, served, name);
  if (patch.type !== "apply") refuseMerges(body, served, name);
  const older = served.shape.toOlder(body);
  return {
    ...patch,
    body: "apiVersion" in body ? { ...older, apiVersion: apiVersionOf(served.type) } : older,
  };
}

/** @throws StatusError Invalid when the object has a member that the older version would lose */
export function refuseLacking(object: Content, { type, shape }: Served, name: string): void {
  for (const path of shape.lacks) {
    const value = member(object, path.split("."));
    if (value !== undefined && value !== null)
      throw refusal(type, name, { field: path, why: "has no such field" });
  }
}

/** A list or null takes the place of what is there; an object merges with it, whose older words are not known here. */
function refuseMerges(body: Content, { type, shape }: Served, name: string): void {
  for (const path of shape.differs) {
    const value = member(body, path.split("."));
    if (value === undefined || value === null || Array.isArray(value)) continue;
    throw refusal(type, name, { field: path, why: "says it in another way" });
  }
}

function translate(operation: Operation, served: Served, name: string): Operation {
  const { type, shape } = served;
  const path = pointer(operation.path);
  const touched = [...shape.lacks, ...shape.differs].filter((each) => {
    const at = each.split(".");
    return overlaps(path, at) || (operation.from !== undefined && overlaps(pointer(operation.from), at));
  });
  if (touched.length === 0) return operation;
  const field = path.join(".") || touched[0]!;
  if (operation.op === "remove" && touched.every((each) => isWhole(path, each))) return operation;
  if ((operation.op !== "add" && operation.op !== "replace") || touched.some((each) => !isWhole(path, each)))
    throw refusal(type, name, { field, why: "says it in another way" });
  return { ...operation, value: convertAt(path, operation.value, { served, name }) };
}

/** Whether a pointer names a member, what holds it (but the whole object), or one item of it. */
function isWhole(path: readonly string[], dotted: string): boolean {
  return (path.length > 0 && path.length <= dotted.split(".").length) || isItem(path, dotted);
}

function isItem(path: readonly string[], dotted: string): boolean {
  return path.length === dotted.split(".").length + 1 && /^(?:\d+|-)$/.test(path.at(-1) ?? "");
}

function convertAt(
  path: readonly string[],
  value: unknown,
  { served, name }: { served: Served; name: string },
) {
  const item = served.shape.differs.some((each) => isItem(path, each));
  const holders = item ? path.slice(0, -1) : path;
  const whole = holders.reduceRight<unknown>((inner, key) => ({ [key]: inner }), item ? [value] : value);
  refuseLacking(whole as Content, served, name);
  const converted = member(served.shape.toOlder(whole as Content), holders);
  return item ? (converted as unknown[])[0] : converted;
}

function overlaps(a: readonly string[], b: readonly string[]): boolean {
  return a.slice(0, b.length).every((key, index) => key === b[index]);
}

function pointer(text: string): string[] {
  return text
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function member(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Content | null | undefined)?.[key], object);
}

function refusal(type: ResourceType, name: string, { field, why }: { field: string; why: string }): Error {
  const message = `Forbidden: the cluster serves ${apiVersionOf(type)}, which ${why}`;
  return invalid(type, name, [{ type: "FieldValueForbidden", field, message }]);
}
