import type { EndpointSlice } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { Server } from "./desired.ts";

/**
 * The servers behind one port of a Service: ready endpoints, and draining ones that still serve. While nothing is
 * ready, those that terminate but still serve take the requests. Source: kubernetes.io, EndpointSlices, Conditions.
 */
export function serversOf(slices: readonly Stored<EndpointSlice>[], portName: string): Server[] {
  const servers = new Map<string, Server>();
  for (const slice of slices) {
    const port = slice.ports?.find(({ name = "" }) => name === portName)?.port;
    if (port === undefined) continue;
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      const address = addresses[0];
      if (address === undefined) continue;
      const ready = conditions?.ready !== false;
      if (!ready && !(conditions?.serving === true && conditions.terminating === true)) continue;
      servers.set(`${address}:${port}`, { address, port, state: ready ? "ready" : "draining" });
    }
  }
  const list = [...servers.values()];
  if (list.some(({ state }) => state === "ready")) return list;
  return list.map((server) => ({ ...server, state: "ready" }));
}
