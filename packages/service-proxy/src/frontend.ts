import type { EndpointSlice, Service, ServicePort } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import { endpointsOf } from "./endpoints.ts";

/** One address and port that leads to endpoints. */
export interface Frontend {
  /** "10.128.0.1 . tcp . 443", or "tcp . 30080" for a node port: the key of the maps. */
  readonly key: string;
  readonly kind: "address" | "port";
  readonly protocol: string;
  /** Clients keep to one endpoint, chosen by their address. */
  readonly sticky: boolean;
  /** "address . port", without repetition. */
  readonly endpoints: readonly string[];
}

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const OTHER_PROXY_LABEL = "service.kubernetes.io/service-proxy-name";

/** What a Service opens: its cluster address, external addresses and node ports, each with its endpoints. */
export function frontendsOf(
  service: DeepReadonly<Service>,
  slices: readonly DeepReadonly<EndpointSlice>[],
  nodeName?: string,
): Frontend[] {
  const { spec } = service;
  if (spec?.clusterIP === undefined || spec.clusterIP === "" || spec.clusterIP === "None") return [];
  if (spec.type === "ExternalName" || service.metadata?.labels?.[OTHER_PROXY_LABEL] !== undefined) return [];
  const isLocal = (policy: string | undefined) => (policy === "Local" ? nodeName : undefined);
  const sticky = spec.sessionAffinity === "ClientIP";
  const frontends: Frontend[] = [];

  for (const port of spec.ports ?? []) {
    const protocol = port.protocol ?? "TCP";
    if (!PROTOCOLS.includes(protocol)) continue;
    const select = (policyNode: string | undefined) =>
      endpointsOf(slices, { portName: port.name ?? "", protocol, nodeName: policyNode });
    const inside = select(isLocal(spec.internalTrafficPolicy));
    const outside = select(isLocal(spec.externalTrafficPolicy));
    const common = { protocol: protocol.toLowerCase(), sticky };
    for (const address of clusterAddresses(service)) {
      frontends.push({ ...common, key: addressKey(address, port), kind: "address", endpoints: inside });
    }
    for (const address of externalAddresses(service)) {
      frontends.push({ ...common, key: addressKey(address, port), kind: "address", endpoints: outside });
    }
    if (port.nodePort !== undefined && port.nodePort > 0) {
      const key = `${common.protocol} . ${port.nodePort}`;
      frontends.push({ ...common, key, kind: "port", endpoints: outside });
    }
  }
  return frontends;
}

function addressKey(address: string, port: DeepReadonly<ServicePort>): string {
  return `${address} . ${(port.protocol ?? "TCP").toLowerCase()} . ${port.port}`;
}

function clusterAddresses({ spec }: DeepReadonly<Service>): string[] {
  const all = spec?.clusterIPs ?? (spec?.clusterIP === undefined ? [] : [spec.clusterIP]);
  return all.filter(isIpv4);
}

/** A load balancer's loopback address is served by the load balancer itself. */
function externalAddresses({ spec, status }: DeepReadonly<Service>): string[] {
  const balanced = status?.loadBalancer?.ingress?.flatMap(({ ip }) => ip ?? []) ?? [];
  return [...new Set([...(spec?.externalIPs ?? []), ...balanced])].filter(
    (address) => isIpv4(address) && !address.startsWith("127."),
  );
}

function isIpv4(address: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address);
}
