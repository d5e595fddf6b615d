import type { Container, Pod, PodSpec } from "@jdos/api";
import { bytes, cpuMillis, type DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

export type PodObject = Stored<Pod>;
export type ContainerSpec = DeepReadonly<Container>;
export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const EMPTY: DeepReadonly<PodSpec> = { containers: [] };

export function specOf(pod: PodObject): DeepReadonly<PodSpec> {
  return pod.spec ?? EMPTY;
}

/** "name_namespace(uid)": how messages name a Pod. */
export function formatPod(pod: PodObject): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}

export function namespaceOf(pod: PodObject): string {
  return pod.metadata.namespace ?? "default";
}

export function initContainersOf(pod: PodObject): readonly ContainerSpec[] {
  return specOf(pod).initContainers ?? [];
}

export function containersOf(pod: PodObject): readonly ContainerSpec[] {
  return specOf(pod).containers;
}

/** Init containers first. */
export function allContainersOf(pod: PodObject): readonly ContainerSpec[] {
  return [...initContainersOf(pod), ...containersOf(pod)];
}

/** An init container that goes on beside the Pod's own containers. */
export function isSidecar(container: ContainerSpec): boolean {
  return container.restartPolicy === "Always";
}

export function isHostNetwork(pod: PodObject): boolean {
  return specOf(pod).hostNetwork === true;
}

/** True once the Pod has ended for good: it never runs again. */
export function isTerminal(pod: PodObject): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** How long the Pod's containers are given to end. */
export function gracePeriodOf(pod: PodObject): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionTimestamp !== undefined && deletionGracePeriodSeconds !== undefined) {
    return deletionGracePeriodSeconds;
  }
  return specOf(pod).terminationGracePeriodSeconds ?? 30;
}

const COMPUTE = ["cpu", "memory"] as const;

/** Source: kubernetes.io, Pod Quality of Service Classes. */
export function qosClassOf(pod: PodObject): QosClass {
  const containers = allContainersOf(pod);
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    for (const name of COMPUTE) {
      const limit = amount(name, container.resources?.limits?.[name]);
      const request = amount(name, container.resources?.requests?.[name]) || limit;
      if (request > 0 || limit > 0) any = true;
      if (limit === 0 || request !== limit) guaranteed = false;
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

function amount(name: (typeof COMPUTE)[number], text: string | number | undefined): number {
  return name === "cpu" ? cpuMillis(text) : bytes(text);
}
