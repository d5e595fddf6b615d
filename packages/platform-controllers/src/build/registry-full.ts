import { ConfigMaps, REGISTRY_STORAGE, readRegistryStorage, registrySpace } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Settings } from "../options.ts";
import type { Outcome } from "./outcome.ts";

/** Why a build that has not begun is not begun: what it makes could not be pushed. Undefined: it may begin. */
export async function registryFull(
  client: Client,
  { build: { platformNamespace } }: Settings,
): Promise<Outcome | undefined> {
  const key = { namespace: platformNamespace, name: REGISTRY_STORAGE };
  const map = await client.get(ConfigMaps, key).catch((error: unknown) => {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  });
  const storage = readRegistryStorage(map);
  if (storage?.state !== "Full") return undefined;
  return {
    phase: "Failed",
    condition: {
      status: "False",
      reason: "RegistryFull",
      message: `The registry is full (${registrySpace(storage)}), and the image could not be pushed. Delete applications or lower their historyLimit, or raise --registry-limit, and deploy again`,
    },
  };
}
