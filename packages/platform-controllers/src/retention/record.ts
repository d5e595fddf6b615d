import { ConfigMaps } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

const NAME = "image-repositories";

/** "demo.hello" */
export type RepositoryKey = string;

/** Which repositories are applications' own, in a ConfigMap: what is not in it is nobody's business. */
export async function recordedRepositories(client: Client, namespace: string): Promise<Set<RepositoryKey>> {
  try {
    return new Set(Object.keys((await client.get(ConfigMaps, { namespace, name: NAME })).data ?? {}));
  } catch (error) {
    if (isStatus(error, "NotFound")) return new Set();
    throw error;
  }
}

/** Adds and removes repositories. */
export async function recordRepositories(
  client: Client,
  namespace: string,
  { add = [], remove = [] }: { add?: readonly RepositoryKey[]; remove?: readonly RepositoryKey[] },
): Promise<void> {
  if (add.length + remove.length === 0) return;
  const data = Object.fromEntries([...add.map((key) => [key, ""]), ...remove.map((key) => [key, null])]);
  try {
    await client.patch(ConfigMaps, { namespace, name: NAME }, { type: "merge", body: { data } });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await client.create(ConfigMaps, {
      metadata: { namespace, name: NAME, labels: { "app.kubernetes.io/managed-by": "jdos" } },
      data: Object.fromEntries(add.map((key) => [key, ""])),
    });
  }
}
