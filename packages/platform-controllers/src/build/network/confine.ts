import { NetworkPolicies, type System } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { apply } from "../../apply/apply.ts";
import { namedAddresses } from "./named-addresses.ts";
import { BUILD_POLICY, type BuildNetwork, renderBuildPolicy } from "./policy.ts";

export interface Confinement {
  /** Absent: no policy, and one that is there goes. */
  network: BuildNetwork | undefined;
  /** Settings with URLs of what builds need. */
  settings: readonly string[];
}

/** Brings a System's NetworkPolicy for builds to what the settings say, before a build of it begins. */
export async function confineBuilds(
  client: Client,
  system: Stored<System>,
  { network, settings }: Confinement,
): Promise<void> {
  const namespace = system.metadata.name;
  if (network === undefined) return remove(client, { namespace, name: BUILD_POLICY });
  const policy = renderBuildPolicy(namespace, network, await namedAddresses(settings));
  await apply(client, NetworkPolicies, policy, { owner: system });
}

async function remove(client: Client, key: { namespace: string; name: string }): Promise<void> {
  try {
    await client.delete(NetworkPolicies, key);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
