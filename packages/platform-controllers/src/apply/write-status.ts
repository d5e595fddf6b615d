import { deepCopy, deepEqual, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

type WithStatus = KubeObject & { status?: object };

/**
 * Writes a status when it differs; a member that is undefined goes away, one of `others` is left to whoever writes it.
 * Returns the object as it is then.
 */
export async function writeStatus<T extends WithStatus>(
  client: Client,
  type: ResourceType<T>,
  object: Stored<T>,
  status: NonNullable<T["status"]>,
  others: readonly string[] = [],
): Promise<Stored<T>> {
  const { metadata, status: all = {} } = object as unknown as Stored<KubeObject> & {
    status?: Record<string, unknown>;
  };
  const before = Object.fromEntries(Object.entries(all).filter(([name]) => !others.includes(name)));
  const after = deepCopy(status) as Members;
  if (deepEqual(before, after)) return object;
  const key = { namespace: metadata.namespace ?? "", name: metadata.name };
  return client.patch(
    type,
    key,
    { type: "merge", body: { status: withGone(before, after) } },
    { subresource: "status" },
  );
}

type Members = Readonly<Record<string, unknown>>;

/** A merge patch's body: what is gone is null, at every depth. */
function withGone(before: Members, after: Members): Members {
  const gone = Object.keys(before).filter((name) => after[name] === undefined);
  const kept = Object.entries(after).map(([name, value]) => {
    const old = before[name];
    return [name, isObject(old) && isObject(value) ? withGone(old, value) : value];
  });
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...Object.fromEntries(kept) };
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
