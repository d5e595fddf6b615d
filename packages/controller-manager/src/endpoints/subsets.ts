import type { EndpointsObject, Pod, Service } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isPodReady } from "../pod/pod-state.ts";
import { groupByPorts } from "../service/service-ports.ts";

type Subset = NonNullable<EndpointsObject["subsets"]>[number];
type Address = NonNullable<Subset["addresses"]>[number];

/** The Pods as subsets: one for each set of ports, ready addresses apart from those that are not. */
export function subsetsOf(service: Stored<Service>, pods: readonly Stored<Pod>[]): Subset[] {
  const subsets: Subset[] = [];
  for (const [, group] of [...groupByPorts(service, pods)].sort(([a], [b]) => a.localeCompare(b))) {
    const ready = group.pods.filter((pod) => isReady(service, pod));
    const notReady = group.pods.filter(
      (pod) => !isReady(service, pod) && pod.metadata.deletionTimestamp === undefined,
    );
    if (ready.length + notReady.length === 0) continue;
    const ports = group.ports.map(({ name, port, protocol }) => ({
      ...(name === "" ? {} : { name }),
      port: port!,
      protocol,
    }));
    subsets.push({
      ...(ready.length > 0 ? { addresses: addresses(service, ready) } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: addresses(service, notReady) } : {}),
      ...(ports.length > 0 ? { ports } : {}),
    });
  }
  return subsets;
}

function isReady(service: Stored<Service>, pod: Stored<Pod>): boolean {
  if (service.spec?.publishNotReadyAddresses === true) return true;
  return isPodReady(pod) && pod.metadata.deletionTimestamp === undefined;
}

function addresses(service: Stored<Service>, pods: readonly Stored<Pod>[]): Address[] {
  const list = pods.map((pod): Address => {
    const { hostname, subdomain, nodeName } = pod.spec ?? {};
    const { name, namespace, uid } = pod.metadata;
    return {
      ip: pod.status!.podIP!,
      ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
      ...(nodeName === undefined ? {} : { nodeName }),
      targetRef: { kind: "Pod", name, namespace, uid },
    };
  });
  return list.sort((a, b) => a.ip.localeCompare(b.ip));
}
