import { EndpointSlices, Endpoints, Services } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Logger } from "@jdos/component-base";
import { ensure } from "./ensure.ts";

export interface KubernetesServiceOptions {
  serviceCidr: string;
  /** Where Pods reach the API server; left out: the Service has no endpoints. */
  advertise?: { host: string; port: number };
}

const metadata = {
  name: "kubernetes",
  namespace: "default",
  labels: { component: "apiserver", provider: "kubernetes" },
};

/** Service default/kubernetes: the first address of the range, and behind it this server. */
export async function ensureKubernetesService(
  client: Client,
  { serviceCidr, advertise }: KubernetesServiceOptions,
): Promise<void> {
  const clusterIP = firstAddress(serviceCidr);
  const port = advertise?.port ?? 6443;
  const spec = {
    type: "ClusterIP",
    clusterIP,
    clusterIPs: [clusterIP],
    ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: port }],
  };
  try {
    await ensure(client, Services, { metadata, spec });
  } catch (error) {
    // The range is another one than it was: the address of a Service cannot be changed, so it is made again.
    if (!isStatus(error, "Invalid")) throw error;
    await client.delete(Services, { namespace: "default", name: "kubernetes" });
    await client.create(Services, { metadata, spec });
  }
  if (advertise === undefined) return;
  const ports = [{ name: "https", port: advertise.port, protocol: "TCP" }];
  await ensure(client, Endpoints, {
    metadata: { ...metadata, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: advertise.host }], ports }],
  });
  await ensure(client, EndpointSlices, {
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": "kubernetes" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [advertise.host], conditions: { ready: true } }],
    ports,
  });
}

export interface KeepOptions extends KubernetesServiceOptions {
  log: Logger;
  /** Defaults to 10,000, as in Kubernetes. */
  everyMillis?: number;
}

/** Makes the Service again when somebody deletes or changes it, until the returned function is called. */
export function keepKubernetesService(
  client: Client,
  { log, everyMillis = 10_000, ...options }: KeepOptions,
): () => void {
  const timer = setInterval(() => {
    ensureKubernetesService(client, options).catch((err: unknown) =>
      log.warn({ err }, "Cannot keep Service default/kubernetes, trying again"),
    );
  }, everyMillis);
  timer.unref();
  return () => clearInterval(timer);
}

function firstAddress(cidr: string): string {
  const parts = cidr.split("/")[0]!.split(".");
  return [...parts.slice(0, 3), Number(parts[3]) + 1].join(".");
}
