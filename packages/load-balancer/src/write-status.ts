import { isIP } from "node:net";
import {
  APPLICATION_LABEL,
  CANARY_TRAFFIC_ANNOTATION,
  type CanaryTraffic,
  type Ingress,
  Ingresses,
  ROUTED_TO_ANNOTATION,
  Services,
} from "@jdos/api";
import { deepEqual, isStatus, type KubeObject, keyOf, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { World } from "./model/build-desired.ts";
import type { Desired } from "./model/desired.ts";

interface Place {
  ip?: string;
  hostname?: string;
}

interface Balanced extends KubeObject {
  status?: { loadBalancer?: { ingress?: Place[] } };
}

export interface StatusOptions {
  world: World;
  desired: Pick<Desired, "tcp">;
  /** Where everything answers: an IP address or a host name. */
  address: string;
  /** Whether all who carry traffic lead an Ingress ("namespace/name") to these Pods. */
  agreed(ingress: string, routedTo: string): Promise<boolean>;
}

/**
 * Says in the status of each Ingress and Service where it answers, and on an application's Ingress which Pods its
 * routes lead to; writes only what is not said yet. False when not all agree yet on where routes lead.
 */
export async function writeStatus(
  client: Client,
  { world, desired, address, agreed }: StatusOptions,
): Promise<boolean> {
  let complete = true;
  for (const ingress of world.ingresses) {
    const news = newsOf(ingress, world);
    const say = news !== undefined && (await agreed(nameOf(ingress), news));
    if (news !== undefined && !say) complete = false;
    await write(client, Ingresses as ResourceType<Balanced>, ingress as Stored<Balanced>, {
      address,
      ...(say ? { routedTo: news } : {}),
    });
  }
  for (const service of world.loadBalancerServices) {
    const { namespace, name } = service.metadata;
    const listens = desired.tcp.some(({ backend }) => backend.startsWith(`tcp.${namespace}.${name}.`));
    const said = listens ? { address } : {};
    await write(client, Services as ResourceType<Balanced>, service as Stored<Balanced>, said);
  }
  return complete;
}

/** Says on an Ingress that shares requests what came of it. */
export async function writeTraffic(
  client: Client,
  ingress: Stored<Ingress>,
  traffic: CanaryTraffic,
): Promise<void> {
  const body = { metadata: { annotations: { [CANARY_TRAFFIC_ANNOTATION]: JSON.stringify(traffic) } } };
  try {
    await client.patch(Ingresses, keyOf(ingress), { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

export function nameOf({ metadata }: Stored<Ingress>): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Where an application's routes lead, when that is not what its Ingress says. */
function newsOf(ingress: Stored<Ingress>, world: World): string | undefined {
  if (ingress.metadata.labels?.[APPLICATION_LABEL] === undefined) return undefined;
  const now = routedTo(ingress, world);
  return ingress.metadata.annotations?.[ROUTED_TO_ANNOTATION] === now ? undefined : now;
}

/** Addresses of the ready endpoints behind an Ingress. */
export function routedTo(ingress: Stored<Ingress>, world: Pick<World, "slices">): string {
  const paths = (ingress.spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
  const services = new Set(paths.map(({ backend }) => backend.service?.name ?? ""));
  const endpoints = [...services]
    .flatMap((service) => world.slices(ingress.metadata.namespace ?? "", service))
    .flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  return [...new Set(ready.map(({ addresses }) => addresses[0] ?? ""))].sort().join(",");
}

interface Said {
  /** Absent: it answers nowhere. */
  address?: string;
  /** Absent: nothing new. */
  routedTo?: string;
}

async function write(
  client: Client,
  type: ResourceType<Balanced>,
  object: Stored<Balanced>,
  { address, routedTo }: Said,
): Promise<void> {
  const told = object.status?.loadBalancer?.ingress?.map(({ ip, hostname }) => ip ?? hostname);
  const addresses = address === undefined ? [] : [address];
  if (deepEqual(told ?? [], addresses) && routedTo === undefined) return;
  const body = {
    ...(routedTo === undefined ? {} : { metadata: { annotations: { [ROUTED_TO_ANNOTATION]: routedTo } } }),
    status: { loadBalancer: { ingress: address === undefined ? null : [placeOf(address)] } },
  };
  try {
    await client.patch(type, keyOf(object), { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function placeOf(address: string): Place {
  return isIP(address) === 0 ? { hostname: address } : { ip: address };
}
