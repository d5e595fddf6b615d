import type { EndpointPort, Pod, Service } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/**
 * The Service's ports as numbers on this Pod: a named target port is looked up in its containers. Ports the Pod
 * does not have are left out.
 */
export function portsOnPod(service: Stored<Service>, pod: Stored<Pod>): EndpointPort[] {
  const ports: EndpointPort[] = [];
  for (const { name = "", protocol = "TCP", port, targetPort, appProtocol } of service.spec?.ports ?? []) {
    const number = resolve(pod, targetPort ?? port, protocol);
    if (number === undefined) continue;
    ports.push({ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) });
  }
  return ports;
}

function resolve(pod: Stored<Pod>, target: string | number, protocol: string): number | undefined {
  if (typeof target === "number") return target;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find(
      (port) => port.name === target && (port.protocol ?? "TCP") === protocol,
    );
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/** Groups Pods by the ports the Service has on them; the key is equal exactly when the ports are. */
export function groupByPorts(
  service: Stored<Service>,
  pods: readonly Stored<Pod>[],
): Map<string, { ports: EndpointPort[]; pods: Stored<Pod>[] }> {
  const groups = new Map<string, { ports: EndpointPort[]; pods: Stored<Pod>[] }>();
  const [first] = pods;
  if (first !== undefined && hasNumbers(service)) {
    const ports = portsOnPod(service, first);
    return groups.set(portsKey(ports), { ports, pods: [...pods] });
  }
  for (const pod of pods) {
    const ports = portsOnPod(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, pods: [] };
    group.pods.push(pod);
    groups.set(key, group);
  }
  return groups;
}

/** Whether its ports are the same on every Pod. */
function hasNumbers({ spec }: Stored<Service>): boolean {
  return (spec?.ports ?? []).every(({ port, targetPort }) => typeof (targetPort ?? port) === "number");
}

export function portsKey(ports: readonly Partial<DeepReadonly<EndpointPort>>[]): string {
  return JSON.stringify(
    ports
      .map(({ name = "", protocol = "TCP", port, appProtocol = "" }) => [name, protocol, port, appProtocol])
      .sort(),
  );
}
