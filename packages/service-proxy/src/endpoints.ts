import type { Endpoint, EndpointSlice } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";

type Slice = DeepReadonly<EndpointSlice>;

export interface EndpointSelection {
  /** Name of the Service's port; "" when it has none. */
  portName: string;
  protocol: string;
  /** Only endpoints of this node. */
  nodeName?: string;
}

interface Candidate {
  readonly target: string;
  readonly endpoint: DeepReadonly<Endpoint>;
}

/**
 * "address . port" of the endpoints that traffic goes to: the ready ones; when there are none, those that still
 * serve while they terminate.
 */
export function endpointsOf(slices: readonly Slice[], selection: EndpointSelection): string[] {
  const candidates = slices.flatMap((slice) => candidatesOf(slice, selection));
  const ready = candidates.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const chosen = ready.length > 0 ? ready : candidates.filter(servesWhileTerminating);
  return [...new Set(chosen.map(({ target }) => target))].sort();
}

function candidatesOf(slice: Slice, { portName, protocol, nodeName }: EndpointSelection): Candidate[] {
  if (slice.addressType !== "IPv4") return [];
  const port = slice.ports?.find(
    (one) => (one.name ?? "") === portName && (one.protocol ?? "TCP") === protocol,
  );
  if (port?.port === undefined) return [];
  return (slice.endpoints ?? [])
    .filter(
      (endpoint) =>
        nodeName === undefined || endpoint.nodeName === undefined || endpoint.nodeName === nodeName,
    )
    .flatMap((endpoint) =>
      endpoint.addresses.slice(0, 1).map((address) => ({ target: `${address} . ${port.port}`, endpoint })),
    );
}

function servesWhileTerminating({ endpoint }: Candidate): boolean {
  const { serving, terminating } = endpoint.conditions ?? {};
  return terminating === true && serving !== false;
}
