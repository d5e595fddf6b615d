import type { Endpoint, Pod, Service } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isPodReady } from "../pod/pod-state.ts";

/** What an EndpointSlice says of one Pod. Source: kubernetes.io, EndpointSlices, Conditions. */
export function endpointOfPod(service: Stored<Service>, pod: Stored<Pod>): Endpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  const named = hostname !== undefined && hostname !== "" && subdomain === service.metadata.name;
  return {
    addresses: [pod.status!.podIP!],
    conditions: { ready, serving, terminating },
    ...(named ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: {
      kind: "Pod",
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}
