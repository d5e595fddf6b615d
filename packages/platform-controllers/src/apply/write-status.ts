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
  if (deepEqual(before, deepCopy(status))) return object;
  const cleared = Object.fromEntries(Object.keys(before).map((key) => [key, null]));
  const key = { namespace: metadata.namespace ?? "", name: metadata.name };
  return client.patch(
    type,
    key,
    { type: "merge", body: { status: { ...cleared, ...deepCopy(status) } } },
    { subresource: "status" },
  );
}
