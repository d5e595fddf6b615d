import type { Pod } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
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
