import { StatusError } from "@jdos/apimachinery";
import { isMergedSet, mergeKeyOf } from "./merge-keys.ts";
import { isRecord } from "./merge-patch.ts";

const PATCH = "$patch";
const RETAIN = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";

type Json = Record<string, unknown>;

/**
 * Strategic merge: as a merge patch, but lists whose items have a key are merged by it. Directives: $patch
 * (replace, delete, merge), $retainKeys, $deleteFromPrimitiveList, $setElementOrder. The target is changed in place.
 * @throws StatusError BadRequest for a patch that cannot be read
 */
export function strategicMerge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch))
    throw new StatusError("BadRequest", "error decoding patch: a strategic merge patch must be an object");
  return mergeRecord(isRecord(target) ? target : {}, patch, "");
}

function mergeRecord(target: Json, patch: Json, field: string): Json {
  const directive = patch[PATCH];
  if (directive === "replace") return without(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge")
    throw new StatusError(
      "BadRequest",
      `error decoding patch: unknown ${PATCH}: ${JSON.stringify(directive)}`,
    );
  retain(target, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === "__proto__" || key === PATCH || key === RETAIN || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_FROM)) deleteFrom(target, key.slice(DELETE_FROM.length), value);
    else if (value === null) delete target[key];
    else target[key] = mergeMember(target[key], value, { parent: field, field: key });
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(ORDER) && Array.isArray(value))
      order(target, { parent: field, field: key.slice(ORDER.length) }, value);
  }
  return target;
}

interface Place {
  parent: string;
  field: string;
}

function mergeMember(target: unknown, patch: unknown, place: Place): unknown {
  if (isRecord(patch)) return mergeRecord(isRecord(target) ? target : {}, patch, place.field);
  if (!Array.isArray(patch)) return patch;
  if (isMergedSet(place.parent, place.field))
    return [...new Set([...(Array.isArray(target) ? target : []), ...patch])];
  const key = mergeKeyOf(place.parent, place.field);
  if (key === undefined || !patch.every(isRecord)) return patch.map(withoutDirectives);
  return mergeList(Array.isArray(target) ? (target as Json[]) : [], patch, { ...place, key });
}

function mergeList(target: Json[], patch: readonly Json[], { field, key }: Place & { key: string }): Json[] {
  if (patch.some((item) => item[PATCH] === "replace" && Object.keys(item).length === 1)) {
    return patch.filter((item) => item[PATCH] !== "replace").map(without);
  }
  let result = [...target];
  const added: Json[] = [];
  for (const item of patch) {
    const id = item[key];
    if (id === undefined)
      throw new StatusError(
        "BadRequest",
        `error decoding patch: map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
      );
    if (item[PATCH] === "delete") {
      result = result.filter((each) => each[key] !== id);
      continue;
    }
    const index = result.findIndex((each) => each[key] === id);
    if (index >= 0) result[index] = mergeRecord(result[index]!, item, field);
    else added.push(mergeRecord({}, item, field));
  }
  return [...result, ...added];
}

function deleteFrom(target: Json, field: string, values: unknown): void {
  const list = target[field];
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  target[field] = list.filter((item) => !values.includes(item));
}

/** Only the members named in $retainKeys survive of what the target had. */
function retain(target: Json, patch: Json): void {
  const keep = patch[RETAIN];
  if (!Array.isArray(keep)) return;
  for (const key of Object.keys(target)) if (!keep.includes(key)) delete target[key];
}

/** Puts a list in the order given; items the order does not name keep their place after the one before them. */
function order(target: Json, { parent, field }: Place, wanted: readonly unknown[]): void {
  const list = target[field];
  if (!Array.isArray(list)) return;
  const key = isMergedSet(parent, field) ? undefined : mergeKeyOf(parent, field);
  const idOf = (item: unknown) => (key !== undefined && isRecord(item) ? item[key] : item);
  const ids = wanted.map(idOf);
  const known = list
    .filter((item) => ids.includes(idOf(item)))
    .sort((a, b) => ids.indexOf(idOf(a)) - ids.indexOf(idOf(b)));
  let next = 0;
  target[field] = list.map((item) => (ids.includes(idOf(item)) ? known[next++] : item));
}

function without(record: Json): Json {
  const { [PATCH]: _, [RETAIN]: __, ...rest } = record;
  return withoutDirectives(rest) as Json;
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, member]) =>
      key !== PATCH &&
      key !== RETAIN &&
      !key.startsWith(ORDER) &&
      !key.startsWith(DELETE_FROM) &&
      member !== null,
  );
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutDirectives(member)]));
}
