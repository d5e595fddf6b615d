import { StatusError } from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import { byCode } from "../storage/resource-table.ts";
import { tooOld } from "../storage/store.ts";
import type { Call, Core } from "./call.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import { present } from "./get.ts";
import { type SelectorOptions, selectionOf } from "./selection.ts";

export interface ListCallOptions extends SelectorOptions {
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
}

export interface ListResult {
  readonly items: readonly StoredObject[];
  readonly metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

/** Reads a collection in the order of its keys. */
export function list(core: Core, call: Call, options: ListCallOptions = {}): ListResult {
  authorizeCall(core, call, "list");
  return collect(core, call, options);
}

/** list() without the question who asks. */
export function collect(core: Core, call: Call, options: ListCallOptions): ListResult {
  checkRevision(core, options);
  const { endpoint } = call;
  const selection = selectionOf(call, options);
  const table = core.store.table(endpoint.storageKey);
  const all = table.sorted(selection.namespace);
  const token = options.continue ? decodeContinue(options.continue) : undefined;
  if (token !== undefined && token.revision < core.store.floor(endpoint.storageKey)) {
    throw tooOld(token.revision, core.store.floor(endpoint.storageKey));
  }
  const start = token === undefined ? 0 : indexAfter(all, token);
  const found = take(all, start, {
    matches: selection.everything ? undefined : selection.matches,
    limit: options.limit ?? 0,
  });
  const resourceVersion = String(token?.revision ?? core.store.revision);
  const metadata: ListResult["metadata"] = { resourceVersion };
  if (found.next < all.length && found.items.length > 0) {
    const { namespace = "", name } = found.items.at(-1)!.metadata;
    metadata.continue = encodeContinue({ revision: Number(resourceVersion), namespace, name });
    if (selection.everything) metadata.remainingItemCount = all.length - found.next;
  }
  return { items: found.items.map((object) => present(endpoint, object)), metadata };
}

function take(
  all: readonly StoredObject[],
  start: number,
  by: { matches: ((object: StoredObject) => boolean) | undefined; limit: number },
) {
  const { matches, limit } = by;
  if (limit <= 0) {
    const rest = start === 0 ? all : all.slice(start);
    return { items: matches === undefined ? rest : rest.filter(matches), next: all.length };
  }
  const items: StoredObject[] = [];
  let next = start;
  for (; next < all.length && items.length < limit; next++) {
    const object = all[next]!;
    if (matches === undefined || matches(object)) items.push(object);
  }
  return { items, next };
}

/** The index of the first object behind a key, by bisection. */
function indexAfter(all: readonly StoredObject[], key: { namespace: string; name: string }): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { namespace = "", name } = all[middle]!.metadata;
    const order = byCode(namespace, key.namespace) || byCode(name, key.name);
    if (order <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function checkRevision(core: Core, options: ListCallOptions): void {
  const { resourceVersion = "", resourceVersionMatch = "", limit = 0 } = options;
  if (resourceVersionMatch !== "" && resourceVersion === "") {
    throw new StatusError(
      "Forbidden",
      "resourceVersionMatch is forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
      { code: 400 },
    );
  }
  if (resourceVersion === "") return;
  const asked = parseRevision(resourceVersion);
  if (options.continue && asked !== 0)
    throw new StatusError("BadRequest", "specifying resource version is not allowed when using continue");
  if (asked > core.store.revision) throw tooLarge(asked, core.store.revision);
  const exact = resourceVersionMatch === "Exact" || (limit > 0 && resourceVersionMatch === "" && asked > 0);
  if (exact && asked !== core.store.revision && resourceVersionMatch === "Exact")
    throw tooOld(asked, core.store.revision);
}

/** @throws StatusError BadRequest when it is no number */
export function parseRevision(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new StatusError(
      "BadRequest",
      `Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  return value;
}

export function tooLarge(asked: number, current: number): StatusError {
  return new StatusError("Timeout", `Too large resource version: ${asked}, current: ${current}`, {
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
}
