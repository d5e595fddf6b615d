import type { EndpointSlice, Service } from "@jdos/api";
import { EndpointSlices, Services } from "@jdos/api";
import { type DeepReadonly, formatKey, keyOf, parseKey } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import { serviceRecords } from "./zone/service-records.ts";
import type { Zone } from "./zone/zone.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** Keeps the zone equal to the Services and EndpointSlices that the informers hold. */
export function followCluster(informers: InformerFactory, zone: Zone): void {
  const services = informers.for(Services);
  const slices = informers.for(EndpointSlices);
  slices.addIndex("service", ownersOf);

  const renew = (key: string): void => {
    const service = services.lister.get(parseKey(key)) as DeepReadonly<Service> | undefined;
    const parts = slices.lister.byIndex("service", key) as readonly DeepReadonly<EndpointSlice>[];
    zone.index.replace(key, service === undefined ? [] : serviceRecords(service, parts, zone.domain));
    zone.changed();
  };
  const renewService = (service: Stored<Service>): void => renew(formatKey(keyOf(service)));
  const renewOwners = (slice: Stored<EndpointSlice>): void => {
    for (const key of ownersOf(slice)) {
      // The endpoints of a Service with a cluster address have no records.
      if (services.lister.get(parseKey(key))?.spec?.clusterIP === "None") renew(key);
    }
  };
  services.addHandlers({ added: renewService, updated: renewService, deleted: renewService });
  slices.addHandlers({
    added: renewOwners,
    updated: (slice, old) => {
      renewOwners(slice);
      if (ownersOf(old)[0] !== ownersOf(slice)[0]) renewOwners(old);
    },
    deleted: renewOwners,
  });
}

function ownersOf({ metadata }: Stored<EndpointSlice>): string[] {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? [] : [`${metadata.namespace ?? ""}/${name}`];
}
