import {
  ConfigMaps,
  REGISTRY_STORAGE,
  type RegistryStorageState,
  readRegistryStorage,
  registrySpace,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PlatformError } from "../errors.ts";

/** How full the registry is; undefined where nobody says it, as on a cluster with a registry that is not ours. */
export async function registryStorage(client: Client): Promise<RegistryStorageState | undefined> {
  try {
    return readRegistryStorage(
      await client.get(ConfigMaps, { namespace: "jdos-system", name: REGISTRY_STORAGE }),
    );
  } catch (error) {
    if (isStatus(error, "NotFound") || isStatus(error, "Forbidden")) return undefined;
    throw error;
  }
}

/** @throws PlatformError RegistryFull */
export async function refuseIfFull(client: Client): Promise<void> {
  const storage = await registryStorage(client);
  if (storage?.state !== "Full") return;
  throw new PlatformError(
    "RegistryFull",
    `Cannot take the source: the registry is full (${registrySpace(storage)})`,
    { hint: "Delete applications or lower their historyLimit, or have --registry-limit raised" },
  );
}
