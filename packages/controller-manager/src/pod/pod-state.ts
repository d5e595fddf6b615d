import type { Pod } from "@jdos/api";
import { findCondition, isConditionTrue } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** Succeeded or Failed: its containers will never run again. */
export function isPodTerminal(pod: Stored<Pod>): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Neither finished nor being deleted. */
export function isPodActive(pod: Stored<Pod>): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

export function isPodReady(pod: Stored<Pod>): boolean {
  return isConditionTrue(pod.status?.conditions, "Ready");
}

export interface AvailabilityOptions {
  minReadySeconds: number;
  now: Date;
}

/** Ready, and for long enough. */
export function isPodAvailable(pod: Stored<Pod>, { minReadySeconds, now }: AvailabilityOptions): boolean {
  if (!isPodReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = findCondition(pod.status?.conditions, "Ready")?.lastTransitionTime;
  return since !== undefined && Date.parse(since) + minReadySeconds * 1000 <= now.getTime();
}
