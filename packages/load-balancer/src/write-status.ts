import { Ingresses, Services } from "@jdos/api";
import { deepEqual, isStatus, type KubeObject, keyOf, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { World } from "./model/build-desired.ts";

interface Balanced extends KubeObject {
  status?: { loadBalancer?: { ingress?: { ip?: string }[] } };
}

/** Says in the status of each Ingress and Service where it answers; writes only what is not said yet. */
export async function writeStatus(client: Client, world: World, address: string): Promise<void> {
  for (const ingress of world.ingresses)
    await write(client, Ingresses as ResourceType<Balanced>, ingress as Stored<Balanced>, address);
  for (const service of world.loadBalancerServices) {
    await write(client, Services as ResourceType<Balanced>, service as Stored<Balanced>, address);
  }
}

async function write(
  client: Client,
  type: ResourceType<Balanced>,
  object: Stored<Balanced>,
  address: string,
): Promise<void> {
  const told = object.status?.loadBalancer?.ingress?.map(({ ip }) => ip);
  if (deepEqual(told, [address])) return;
  const body = { status: { loadBalancer: { ingress: [{ ip: address }] } } };
  try {
    await client.patch(type, keyOf(object), { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
