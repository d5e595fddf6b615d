import {
  APPLICATION_LABEL,
  CANARY_TRAFFIC_ANNOTATION,
  type CanaryTraffic,
  type Ingress,
  Ingresses,
  ROUTED_TO_ANNOTATION,
  Services,
} from "@jdos/api";
import {
  type DeepReadonly,
  deepEqual,
  isStatus,
  type KubeObject,
  keyOf,
  type ResourceType,
} from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { World } from "./model/build-desired.ts";
import { addressOf, type Place, placesIn } from "./places.ts";
import type { ServicePlaces } from "./service-places.ts";

interface Balanced extends KubeObject {
  status?: { loadBalancer?: { ingress?: Place[] } };
}

export interface StatusOptions {
  world: World;
  /** Where routes answer. */
  places: readonly Place[];
  /** Addresses of load balancing that are ours: a Service that is of another type by now loses them. */
  ownAddresses: ReadonlySet<string>;
  /** Where a Service answers. */
  servicePlaces(service: World["loadBalancerServices"][number]): ServicePlaces;
  /** Whether all who carry traffic lead an Ingress ("namespace/name") to these Pods. */
  agreed(ingress: string, routedTo: string): Promise<boolean>;
}

/**
 * Says in the status of each Ingress and Service where it answers, and on an application's Ingress which Pods its
 * routes lead to; writes only what is not said yet. Not complete while others have not said where they are.
 */
export async function writeStatus(
  client: Client,
  { world, places, ownAddresses, servicePlaces, agreed }: StatusOptions,
): Promise<{ complete: boolean; refused: boolean }> {
  let complete = true;
  let refused = false;
  for (const ingress of world.ingresses) {
    const news = newsOf(ingress, world);
    const say = news !== undefined && (await agreed(nameOf(ingress), news));
    if (news !== undefined && !say) complete = false;
    await write(client, Ingresses as ResourceType<Balanced>, ingress as Stored<Balanced>, {
      places,
      ...(say ? { routedTo: news } : {}),
    });
  }
  for (const service of world.loadBalancerServices) {
    const found = servicePlaces(service);
    complete &&= found.complete;
    refused ||= found.refused;
    await write(client, Services as ResourceType<Balanced>, service as Stored<Balanced>, found);
  }
  for (const service of world.formerServices) {
    const others = placesIn(service.status).filter((place) => !ownAddresses.has(addressOf(place)));
    await write(client, Services as ResourceType<Balanced>, service as Stored<Balanced>, { places: others });
  }
  return { complete, refused };
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

/** "namespace/name" */
export function nameOf({ metadata }: { metadata: { namespace?: string; name: string } }): string {
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
  places: readonly Place[];
  /** Absent: nothing new. */
  routedTo?: string;
}

async function write(
  client: Client,
  type: ResourceType<Balanced>,
  object: Stored<Balanced>,
  { places, routedTo }: Said,
): Promise<void> {
  const told = placesIn(object.status as DeepReadonly<Balanced["status"]>);
  if (deepEqual(told, places) && routedTo === undefined) return;
  const body = {
    ...(routedTo === undefined ? {} : { metadata: { annotations: { [ROUTED_TO_ANNOTATION]: routedTo } } }),
    status: { loadBalancer: { ingress: places.length === 0 ? null : places } },
  };
  try {
    await client.patch(type, keyOf(object), { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
