import type { Pod, ReplicaSet } from "@jdos/api";
import { type Condition, setCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { isPodAvailable, isPodReady } from "../pod/pod-state.ts";

type ReplicaSetStatus = NonNullable<ReplicaSet["status"]>;

export interface StatusInput {
  /** Those that are active. */
  pods: readonly Stored<Pod>[];
  /** Why Pods could not be created or deleted in this round. */
  failure?: { reason: "FailedCreate" | "FailedDelete"; message: string };
  now: Date;
}

/** The status as its Pods show it. */
export function replicaSetStatus(
  set: Stored<ReplicaSet>,
  { pods, failure, now }: StatusInput,
): ReplicaSetStatus {
  const labels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
  const availability = { minReadySeconds: set.spec?.minReadySeconds ?? 0, now };
  let [fullyLabeled, ready, available] = [0, 0, 0];
  for (const pod of pods) {
    if (labels.every(([key, value]) => pod.metadata.labels?.[key] === value)) fullyLabeled++;
    if (!isPodReady(pod)) continue;
    ready++;
    if (isPodAvailable(pod, availability)) available++;
  }
  const conditions = conditionsOf(set, failure, now);
  return {
    replicas: pods.length,
    ...(fullyLabeled > 0 ? { fullyLabeledReplicas: fullyLabeled } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length > 0 ? { conditions: conditions as ReplicaSetStatus["conditions"] } : {}),
  };
}

function conditionsOf(
  set: Stored<ReplicaSet>,
  failure: StatusInput["failure"],
  now: Date,
): readonly Condition[] {
  const current = (set.status?.conditions ?? []) as Condition[];
  if (failure === undefined) return current.filter(({ type }) => type !== "ReplicaFailure");
  return setCondition(current, { type: "ReplicaFailure", status: "True", ...failure }, now);
}
