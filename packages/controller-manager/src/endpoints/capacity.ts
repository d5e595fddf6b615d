import type { EndpointsObject } from "@jdos/api";

type Subset = NonNullable<EndpointsObject["subsets"]>[number];

/** Addresses of one Endpoints object at most. Source: kubernetes.io, Service, Over-capacity endpoints. */
export const MAX_ADDRESSES = 1000;
/** Says that a Service has more addresses than its Endpoints object shows. */
export const OVER_CAPACITY_ANNOTATION = "endpoints.kubernetes.io/over-capacity";

/** The subsets with at most MAX_ADDRESSES, those that are ready before others; undefined when all have room. */
export function truncate(subsets: readonly Subset[]): Subset[] | undefined {
  const ready = sum(subsets, ({ addresses }) => addresses);
  const others = sum(subsets, ({ notReadyAddresses }) => notReadyAddresses);
  if (ready + others <= MAX_ADDRESSES) return undefined;
  const room = Math.min(ready, MAX_ADDRESSES);
  const takeReady = shares(room, ready);
  const takeOthers = shares(MAX_ADDRESSES - room, others);
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [], ...rest }) => {
    const kept = addresses.slice(0, takeReady(addresses.length));
    const keptOthers = notReadyAddresses.slice(0, takeOthers(notReadyAddresses.length));
    if (kept.length + keptOthers.length === 0) return [];
    return {
      ...(kept.length > 0 ? { addresses: kept } : {}),
      ...(keptOthers.length > 0 ? { notReadyAddresses: keptOthers } : {}),
      ...rest,
    };
  });
}

function sum(subsets: readonly Subset[], of: (subset: Subset) => readonly unknown[] | undefined): number {
  return subsets.reduce((total, subset) => total + (of(subset)?.length ?? 0), 0);
}

/** Divides `room` over groups by their size: asked group after group, it gives each its share, in the end all of it. */
function shares(room: number, total: number): (size: number) => number {
  let seen = 0;
  const given = () => Math.floor((seen * Math.min(room, total)) / Math.max(total, 1));
  return (size) => {
    const before = given();
    seen += size;
    return given() - before;
  };
}
