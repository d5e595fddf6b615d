import { isIP } from "node:net";
import { type Service, Services } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { InformerFactory } from "@jdos/client";

/** Where something answers, as statuses of Ingresses and Services say it. */
export interface Place {
  ip?: string;
  hostname?: string;
}

export function placeOf(address: string): Place {
  return isIP(address) === 0 ? { hostname: address } : { ip: address };
}

export function addressOf({ ip, hostname }: Place): string {
  return ip || hostname || "";
}

/** What the status of an object says; empty ones are left out. */
export function placesIn(status: DeepReadonly<Service["status"]>): Place[] {
  const told = status?.loadBalancer?.ingress ?? [];
  return told
    .map(addressOf)
    .filter((address) => address !== "")
    .map(placeOf);
}

/** Where routes answer: at the addresses of the Service before HAProxy, if there is one. */
export function routePlaces(
  informers: InformerFactory,
  {
    publishService,
    publishAddress,
  }: { publishService?: { namespace: string; name: string } | undefined; publishAddress: string },
): Place[] {
  if (publishService === undefined) return [placeOf(publishAddress)];
  return placesIn(informers.for(Services).lister.get(publishService)?.status);
}
