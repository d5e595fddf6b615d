import { EndpointSlices } from "../kubernetes.ts";
import type { Content, OlderShape, ShapedKind } from "./older-shape.ts";

const HOSTNAME = "kubernetes.io/hostname";
const ZONE = "topology.kubernetes.io/zone";

interface OlderEndpoint extends Content {
  readonly topology?: Readonly<Record<string, string>>;
  readonly nodeName?: string;
}

interface NewestEndpoint extends Content {
  readonly deprecatedTopology?: Readonly<Record<string, string>>;
  readonly nodeName?: string;
  readonly zone?: string;
}

/**
 * discovery.k8s.io/v1beta1: where an endpoint runs stands in its `topology`. Hints of zones are advice that
 * Kubernetes 1.20 does not know; they are dropped there.
 */
const v1beta1: OlderShape = {
  version: "v1beta1",
  lacks: [],
  differs: ["endpoints"],
  fromOlder: (slice) => withEndpoints(slice, fromTopology),
  toOlder: (slice) => withEndpoints(slice, toTopology),
};

export const endpointSlice: ShapedKind = { type: EndpointSlices, older: [v1beta1] };

function withEndpoints(slice: Content, convert: (endpoint: Content) => Content): Content {
  const { endpoints } = slice;
  return Array.isArray(endpoints) ? { ...slice, endpoints: endpoints.map(convert) } : slice;
}

function fromTopology({ topology, ...endpoint }: OlderEndpoint): NewestEndpoint {
  if (topology === undefined) return endpoint;
  const { [ZONE]: zone, [HOSTNAME]: hostname, ...others } = topology;
  const nodeName = endpoint.nodeName ?? hostname;
  // A host name that is not the node's name says something else, and is kept.
  const rest = hostname === nodeName ? others : { ...others, [HOSTNAME]: hostname };
  return {
    ...endpoint,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(Object.keys(rest).length === 0 ? {} : { deprecatedTopology: rest as Record<string, string> }),
  };
}

function toTopology({ deprecatedTopology, zone, nodeName, ...endpoint }: NewestEndpoint): OlderEndpoint {
  const topology: Record<string, string> = {
    ...(nodeName === undefined ? {} : { [HOSTNAME]: nodeName }),
    ...deprecatedTopology,
    ...(zone === undefined ? {} : { [ZONE]: zone }),
  };
  return {
    ...endpoint,
    // Kubernetes 1.20 drops the field but where it is switched on: it is used where the topology cannot say it.
    ...(nodeName === undefined || topology[HOSTNAME] === nodeName ? {} : { nodeName }),
    ...(Object.keys(topology).length === 0 ? {} : { topology }),
  };
}
