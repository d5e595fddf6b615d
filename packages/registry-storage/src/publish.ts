import { ConfigMaps, REGISTRY_STORAGE, type RegistryStorageState } from "@jdos/api";
import { deepEqual, isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

/** Writes how full the registry is into the ConfigMap that others read. Unchanged, nothing is written. */
export async function publish(client: Client, namespace: string, state: RegistryStorageState): Promise<void> {
  const key = { namespace, name: REGISTRY_STORAGE };
  const data = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, String(value)]));
  try {
    const present = await client.get(ConfigMaps, key);
    if (!deepEqual(present.data, data))
      await client.patch(ConfigMaps, key, { type: "merge", body: { data } });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await client.create(ConfigMaps, { metadata: key, data });
  }
}
