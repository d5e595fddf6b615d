import type { ObjectRef } from "@jdos/controller-runtime";
import type { PodContext } from "./context.ts";
import { type ContainerSpec, initContainersOf, namespaceOf, type PodObject } from "./pod.ts";

/** Names a container within its Pod's events: "spec.containers{web}". */
export function containerReference(pod: PodObject, container: ContainerSpec): ObjectRef {
  const list = initContainersOf(pod).some((item) => item.name === container.name)
    ? "initContainers"
    : "containers";
  return { ...podReference(pod), fieldPath: `spec.${list}{${container.name}}` };
}

export function podReference(pod: PodObject): ObjectRef {
  return {
    apiVersion: "v1",
    kind: "Pod",
    namespace: namespaceOf(pod),
    name: pod.metadata.name,
    uid: pod.metadata.uid,
  };
}

/** Records events about one container. */
export function containerEvents(context: PodContext, pod: PodObject, container: ContainerSpec) {
  const about = containerReference(pod, container);
  return (type: "Normal" | "Warning", reason: string, message: string) =>
    context.events.event(about, type, reason, message);
}
