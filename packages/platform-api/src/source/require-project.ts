import { REGISTRY_READY, Systems } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PlatformError } from "../errors.ts";

/** Where each System has a project of Harbor: refuses what would be pushed before it is there. @throws PlatformError Unavailable */
export async function requireProject(client: Client, system: string): Promise<void> {
  const condition = await conditionOf(client, system);
  if (condition === "unknown" || condition?.status === "True") return;
  const why = condition?.message ?? "the platform has not looked at it yet";
  throw new PlatformError("Unavailable", `Cannot push images of system "${system}": ${why}`, {
    hint: "It is tried again by itself: deploy again in a moment, or show it to who runs the platform",
  });
}

async function conditionOf(client: Client, name: string) {
  try {
    const { status } = await client.get(Systems, { name });
    return status?.conditions?.find(({ type }) => type === REGISTRY_READY);
  } catch (error) {
    // Who may not read the System may still deploy to it; then the registry says what it says.
    if (isStatus(error, "Forbidden")) return "unknown" as const;
    throw error;
  }
}
