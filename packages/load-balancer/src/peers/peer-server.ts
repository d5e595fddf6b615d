import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CanaryTraffic } from "@jdos/api";
import type { Running } from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import { LoadBalancerError } from "../errors.ts";
import type { Listenings } from "../model/listening.ts";

/** Where a replica tells the others: `GET /routed-to/NAMESPACE/INGRESS`. */
export const ROUTED_TO_PATH = "/routed-to/";
/** `GET /canary-traffic/NAMESPACE/INGRESS` -> CanaryTraffic: what its HAProxy answered since it leads by the weight. */
export const TRAFFIC_PATH = "/canary-traffic/";
/** `GET /listening`: Listenings, as JSON. */
export const LISTENING_PATH = "/listening";

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
  /** How this replica's HAProxy was last brought to listen. */
  listening(): Listenings;
}

/** Tells other replicas how far this one's HAProxy is. @throws LoadBalancerError ListenFailed */
export async function startPeerServer({
  host,
  port,
  ...told
}: PeerServerOptions): Promise<Running & { port: number }> {
  const server = http.createServer((request, response) => answer(request, response, told));
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
  told: Pick<PeerServerOptions, "routedTo" | "listening" | "traffic">,
): void {
  const found = textFor(url, told);
  if (found === undefined) response.writeHead(404).end();
  else response.writeHead(200, { "content-type": "text/plain" }).end(found);
}

function textFor(
  url: string,
  { routedTo, listening, traffic }: Pick<PeerServerOptions, "routedTo" | "listening" | "traffic">,
): string | undefined {
  if (url.startsWith(ROUTED_TO_PATH)) {
    const pods = routedTo(url.slice(ROUTED_TO_PATH.length));
    return pods === undefined ? undefined : fingerprint(pods);
  }
  if (url.startsWith(TRAFFIC_PATH)) {
    const counted = traffic?.(url.slice(TRAFFIC_PATH.length));
    return counted === undefined ? undefined : JSON.stringify(counted);
  }
  return url === LISTENING_PATH ? JSON.stringify(listening()) : undefined;
}
