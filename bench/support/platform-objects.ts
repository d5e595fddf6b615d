import { CustomResourceDefinitions, JDOS_DEFINITIONS } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { applyRights } from "@jdos/platform-controllers/testing";
import { until } from "./programs.ts";

/** Gives a new API server the platform's Kinds, and its controllers the rights they have in production. */
export async function createPlatformObjects(client: Client): Promise<void> {
  for (const definition of JDOS_DEFINITIONS) await client.create(CustomResourceDefinitions, definition);
  await until(async () => {
    const { items } = await client.list(CustomResourceDefinitions);
    return items.every(({ status }) => isConditionTrue(status?.conditions, "Established"));
  });
  await applyRights(client);
}
