import { Services } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { PLATFORM_NAMESPACE } from "../cluster/names.ts";

/**
 * What is to be said while the cluster's load balancer has given the routes no address; undefined when it has, or when
 * routes are reached in another way.
 */
export async function missingRoutesAddress(client: Client): Promise<string | undefined> {
  let nodePort: number | undefined;
  try {
    const { spec, status } = await client.get(Services, { namespace: PLATFORM_NAMESPACE, name: "routes" });
    const told = status?.loadBalancer?.ingress ?? [];
    nodePort = spec?.ports?.[0]?.nodePort;
    if (spec?.type !== "LoadBalancer" || told.some(({ ip, hostname }) => ip || hostname)) return undefined;
  } catch (error) {
    if (isStatus(error, "NotFound", "Forbidden")) return undefined;
    throw error;
  }
  const meanwhile = nodePort === undefined ? "" : ` (meanwhile any node answers, at port ${nodePort})`;
  return `the cluster has given Service ${PLATFORM_NAMESPACE}/routes none yet${meanwhile}; one without a load balancer of its own never does: take another routes.expose then`;
}
