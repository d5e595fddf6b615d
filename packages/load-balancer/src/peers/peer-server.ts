import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CanaryTraffic } from "@jdos/api";
import type { Running } from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import { LoadBalancerError } from "../errors.ts";

/** Where a replica tells the others: `GET /routed-to/NAMESPACE/INGRESS`. */
export const ROUTED_TO_PATH = "/routed-to/";
/** `GET /canary-traffic/NAMESPACE/INGRESS` -> CanaryTraffic: what its HAProxy answered since it leads by the weight. */
export const TRAFFIC_PATH = "/canary-traffic/";

/** What is told of the Pods that routes lead to: enough to compare, and no addresses. */
export function fingerprint(routedTo: string): string {
  return createHash("sha256").update(routedTo).digest("hex");
}

export interface PeerServerOptions {
  host: string;
  port: number;
  /** What this replica's HAProxy was last brought to, for an Ingress by "namespace/name". */
  routedTo(ingress: string): string | undefined;
  /** What it answered for an Ingress that shares requests. */
  traffic?(ingress: string): CanaryTraffic | undefined;
}

/** Tells other replicas how far this one's HAProxy is. @throws LoadBalancerError ListenFailed */
export async function startPeerServer({
  host,
  port,
  ...answers
}: PeerServerOptions): Promise<Running & { port: number }> {
  const server = http.createServer((request, response) => answer(request, response, answers));
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new LoadBalancerError("ListenFailed", `Cannot listen on ${host}:${port}: the port is taken`, {
      hint: "Choose another with --peer-address",
      cause,
    });
  }
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  { url = "" }: IncomingMessage,
  response: ServerResponse,
  { routedTo, traffic }: Pick<PeerServerOptions, "routedTo" | "traffic">,
): void {
  const after = (path: string): string | undefined =>
    url.startsWith(path) ? url.slice(path.length) : undefined;
  const [routed, shared] = [after(ROUTED_TO_PATH), after(TRAFFIC_PATH)];
  const pods = routed === undefined ? undefined : routedTo(routed);
  const counted = shared === undefined ? undefined : traffic?.(shared);
  if (pods !== undefined) response.writeHead(200, { "content-type": "text/plain" }).end(fingerprint(pods));
  else if (counted !== undefined)
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(counted));
  else response.writeHead(404).end();
}
