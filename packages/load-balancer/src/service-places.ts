import type { Service } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { Desired } from "./model/desired.ts";
import { listeningOf } from "./model/listening.ts";
import type { ReplicaListening } from "./peers/peers.ts";
import { type Place, placeOf, placesIn } from "./places.ts";
import { nameOf } from "./write-status.ts";

export interface ServicePlacesOptions {
  desired: Pick<Desired, "tcp">;
  publishAddress: string;
  /** What the replicas say, each on the network of a node where Services answer; none: they do at publishAddress. */
  replicas: readonly ReplicaListening[] | undefined;
}

export interface ServicePlaces {
  places: Place[];
  /** False: a replica has not said yet how it stands to the Service. What was said of it stays. */
  complete: boolean;
  /** A replica cannot listen at all of its ports. */
  refused: boolean;
}

/** Where a Service of type LoadBalancer answers at the ports it has. */
export function servicePlaces(
  service: Stored<Service>,
  { desired, publishAddress, replicas }: ServicePlacesOptions,
): ServicePlaces {
  const { ports, all } = listeningOf(service, desired);
  if (replicas === undefined)
    return { places: all ? [placeOf(publishAddress)] : [], complete: true, refused: false };
  const said = new Set(placesIn(service.status).map(({ ip }) => ip));
  const answers = replicas.map(({ address, listenings }) => {
    const answer = listenings?.[nameOf(service)];
    return { address, listens: answer?.ports === ports ? answer.all : undefined };
  });
  const kept = answers.filter(({ address, listens }) => listens ?? said.has(address));
  return {
    places: kept.map(({ address }) => placeOf(address)).sort(byAddress),
    complete: answers.every(({ listens }) => listens !== undefined),
    refused: answers.some(({ listens }) => listens === false),
  };
}

function byAddress({ ip: a = "" }: Place, { ip: b = "" }: Place): number {
  return a.localeCompare(b);
}
