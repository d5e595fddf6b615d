import type { Endpoint, EndpointSlice, Service } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import { reverseName, type ZoneRecord } from "./record.ts";

type Slice = DeepReadonly<EndpointSlice>;

const WEIGHT = 100;

/**
 * The records of one Service, as the Kubernetes DNS specification 1.1.0 has them: a cluster address, the ready
 * endpoints of a headless Service, or another name.
 */
export function serviceRecords(
  service: DeepReadonly<Service>,
  slices: readonly Slice[],
  zone: string,
): ZoneRecord[] {
  const { metadata, spec } = service;
  const name = `${metadata?.name}.${metadata?.namespace}.svc.${zone}`;
  if (spec?.type === "ExternalName") return externalName(name, spec.externalName);
  if (spec?.clusterIP === "None") return headless(name, slices, spec.publishNotReadyAddresses === true);
  const addresses = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return addresses.filter(Boolean).length === 0 ? [] : clusterAddress(name, addresses, spec?.ports ?? []);
}

function externalName(name: string, target: string | undefined): ZoneRecord[] {
  return target === undefined || target === ""
    ? []
    : [{ name, type: "CNAME", data: target.replace(/\.$/, "").toLowerCase() }];
}

type Port = { readonly name?: string; readonly protocol?: string; readonly port?: number };

function clusterAddress(name: string, addresses: readonly string[], ports: readonly Port[]): ZoneRecord[] {
  return [
    ...addresses.map((address) => addressRecord(name, address)),
    ...addresses.map((address): ZoneRecord => ({ name: reverseName(address), type: "PTR", data: name })),
    ...ports.flatMap((port) => srvRecord(name, port, name)),
  ];
}

function headless(name: string, slices: readonly Slice[], publishNotReady: boolean): ZoneRecord[] {
  const records = slices.flatMap((slice) =>
    (slice.endpoints ?? [])
      .filter((endpoint) => publishNotReady || endpoint.conditions?.ready !== false)
      .flatMap((endpoint) => endpointRecords(name, endpoint, slice.ports ?? [])),
  );
  return unique(records);
}

function endpointRecords(
  service: string,
  endpoint: DeepReadonly<Endpoint>,
  ports: readonly Port[],
): ZoneRecord[] {
  return endpoint.addresses.flatMap((address) => {
    const host = `${endpoint.hostname ?? address.replaceAll(/[.:]/g, "-")}.${service}`.toLowerCase();
    return [
      addressRecord(service, address),
      addressRecord(host, address),
      { name: reverseName(address), type: "PTR", data: host } as const,
      ...ports.flatMap((port) => srvRecord(service, port, host)),
    ];
  });
}

function addressRecord(name: string, address: string): ZoneRecord {
  return { name, type: address.includes(":") ? "AAAA" : "A", data: address };
}

/** Only a port with a name has one. */
function srvRecord(service: string, { name, protocol, port }: Port, target: string): ZoneRecord[] {
  if (name === undefined || name === "" || port === undefined) return [];
  const owner = `_${name}._${(protocol ?? "TCP").toLowerCase()}.${service}`.toLowerCase();
  return [{ name: owner, type: "SRV", data: { priority: 0, weight: WEIGHT, port, target } }];
}

function unique(records: readonly ZoneRecord[]): ZoneRecord[] {
  return [...new Map(records.map((record) => [JSON.stringify(record), record])).values()];
}
