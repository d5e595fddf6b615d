import { ConfigMaps, formatNeedless, IMAGE_REPOSITORIES, type Needless } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

export type { Needless };

const NAME = IMAGE_REPOSITORIES;

/** "demo.hello" */
export type RepositoryKey = string;

/**
 * Which repositories are applications' own, in a ConfigMap: what is not in it is nobody's business. What it says of each
 * is what of it is needless, for those who ask when that goes.
 */
export async function recordedRepositories(
  client: Client,
  namespace: string,
): Promise<Map<RepositoryKey, string>> {
  try {
    return new Map(Object.entries((await client.get(ConfigMaps, { namespace, name: NAME })).data ?? {}));
  } catch (error) {
    if (isStatus(error, "NotFound")) return new Map();
    throw error;
  }
}

export interface RecordChange {
  readonly set?: ReadonlyMap<RepositoryKey, readonly Needless[]>;
  readonly remove?: readonly RepositoryKey[];
  /** What it says already. */
  readonly known?: ReadonlyMap<RepositoryKey, string>;
}

export async function recordRepositories(
  client: Client,
  namespace: string,
  { set = new Map(), remove = [], known = new Map() }: RecordChange,
): Promise<void> {
  const wanted = [...set]
    .map(([key, needless]) => [key, formatNeedless(needless)] as const)
    .filter(([key, text]) => known.get(key) !== text);
  if (wanted.length + remove.length === 0) return;
  const data = Object.fromEntries([...wanted, ...remove.map((key) => [key, null] as const)]);
  try {
    await client.patch(ConfigMaps, { namespace, name: NAME }, { type: "merge", body: { data } });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await client.create(ConfigMaps, {
      metadata: { namespace, name: NAME, labels: { "app.kubernetes.io/managed-by": "jdos" } },
      data: Object.fromEntries(wanted),
    });
  }
}
