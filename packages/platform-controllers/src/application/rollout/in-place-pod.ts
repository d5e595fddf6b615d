import { type ImageChange, imageChangeOf, type Pod, RELEASE_LABEL, SERVING_GATE } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { haveFollowed, routedTo } from "./followed.ts";
import type { RolloutWorld } from "./rollout-world.ts";

const DEFAULT_GRACE_SECONDS = 30;
/** How long after its grace a kubelet may take to end a container. */
const KUBELET_SECONDS = 10;

export function releaseOf({ metadata }: Stored<Pod>): string | undefined {
  return metadata.labels?.[RELEASE_LABEL];
}

export function hasGate({ spec }: Stored<Pod>): boolean {
  return spec?.readinessGates?.some(({ conditionType }) => conditionType === SERVING_GATE) === true;
}

export function isOpen({ status }: Stored<Pod>): boolean {
  return findCondition(status?.conditions, SERVING_GATE)?.status === "True";
}

export function isReady({ status }: Stored<Pod>): boolean {
  return findCondition(status?.conditions, "Ready")?.status === "True";
}

/** Whether requests may be led to it as far as its containers go: they run from the image it has, and are ready. */
export function mayOpen(pod: Stored<Pod>, now: Date): boolean {
  const change = imageChangeOf(pod);
  if (change === undefined) return true;
  const isUp = findCondition(pod.status?.conditions, "ContainersReady")?.status === "True";
  return isUp && runsItsImage(pod, change, now);
}

/** Ready, of the image it has, and all who lead requests know. */
export function isServing(world: RolloutWorld, pod: Stored<Pod>): boolean {
  const ready = findCondition(pod.status?.conditions, "Ready");
  if (ready?.status !== "True" || (hasGate(pod) && !isOpen(pod)) || !mayOpen(pod, world.now)) return false;
  const isRouted = routedTo(world)?.includes(pod.status?.podIP ?? "");
  return haveFollowed(isRouted, secondsSince(ready.lastTransitionTime, world.now));
}

/** It was closed, and all who lead requests have followed. */
export function isDrained(world: RolloutWorld, pod: Stored<Pod>): boolean {
  const gate = findCondition(pod.status?.conditions, SERVING_GATE);
  if (gate?.status !== "False" || isReady(pod)) return false;
  const routed = routedTo(world);
  const isOut = routed === undefined ? undefined : !routed.includes(pod.status?.podIP ?? "");
  return haveFollowed(isOut, secondsSince(gate.lastTransitionTime, world.now));
}

/**
 * Whether the running container is of the Pod's image, and not the one before that kubelet is about to end: another one
 * than was there, whose image is the Pod's by its digest or name. Where that cannot be seen (two names for one image, an
 * image that was changed back at once), it is so when kubelet has had the time to end the one before.
 */
function runsItsImage({ spec, status }: Stored<Pod>, change: ImageChange, now: Date): boolean {
  const container = spec?.containers[0];
  const seen = status?.containerStatuses?.find(({ name }) => name === container?.name);
  if (seen?.state?.running === undefined) return false;
  const [, digest] = (container?.image ?? "").split("@");
  const isNamed =
    digest === undefined ? seen.image.endsWith(container?.image ?? "") : seen.imageID.endsWith(digest);
  if (isNamed && seen.containerID !== change.container) return true;
  const grace = spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  return secondsSince(change.at, now) > grace + KUBELET_SECONDS;
}

function secondsSince(time: string | undefined, now: Date): number {
  return time === undefined ? 0 : (now.getTime() - Date.parse(time)) / 1000;
}
