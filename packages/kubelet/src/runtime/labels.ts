import { createHash } from "node:crypto";
import type { Labels } from "../cri/types.ts";
import { type ContainerSpec, gracePeriodOf, namespaceOf, type PodObject } from "../pod/pod.ts";

export const POD_NAME = "io.kubernetes.pod.name";
export const POD_NAMESPACE = "io.kubernetes.pod.namespace";
export const POD_UID = "io.kubernetes.pod.uid";
export const CONTAINER_NAME = "io.kubernetes.container.name";
const HASH = "io.kubernetes.container.hash";
export const RESTART_COUNT = "io.kubernetes.container.restartCount";
export const TERMINATION_PATH = "io.kubernetes.container.terminationMessagePath";
export const TERMINATION_POLICY = "io.kubernetes.container.terminationMessagePolicy";
export const GRACE_PERIOD = "io.kubernetes.pod.terminationGracePeriod";
export { HASH as CONTAINER_HASH };

export function podLabels(pod: PodObject): Labels {
  return {
    ...pod.metadata.labels,
    [POD_NAME]: pod.metadata.name,
    [POD_NAMESPACE]: namespaceOf(pod),
    [POD_UID]: pod.metadata.uid,
  };
}

export function containerLabels(pod: PodObject, container: ContainerSpec): Labels {
  return {
    [POD_NAME]: pod.metadata.name,
    [POD_NAMESPACE]: namespaceOf(pod),
    [POD_UID]: pod.metadata.uid,
    [CONTAINER_NAME]: container.name,
  };
}

export function containerAnnotations(pod: PodObject, container: ContainerSpec, restartCount: number): Labels {
  return {
    [HASH]: containerHash(container),
    [RESTART_COUNT]: String(restartCount),
    [TERMINATION_PATH]: container.terminationMessagePath ?? "/dev/termination-log",
    [TERMINATION_POLICY]: container.terminationMessagePolicy ?? "File",
    [GRACE_PERIOD]: String(gracePeriodOf(pod)),
  };
}

/** Whether a container was made from another definition; one whose hash was not kept is taken as it is. */
export function definitionChanged(hash: string, container: ContainerSpec): boolean {
  return hash !== "" && hash !== containerHash(container);
}

/** Changes when a container must be made anew: its name or image changed. */
export function containerHash(container: ContainerSpec): string {
  return createHash("sha256")
    .update(`${container.name}\0${container.image ?? ""}`)
    .digest("hex")
    .slice(0, 8);
}
