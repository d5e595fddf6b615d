import type { ReplicaSet } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { Result } from "@jdos/controller-runtime";
import { desiredReplicas, maxUnavailable } from "./bounds.ts";
import { cleanUpHistory } from "./history.ts";
import { newSetSize, withNewSet } from "./new-set.ts";
import { byAge, isActive, replicasOf, sumReplicas, sumStatus } from "./replica-sets.ts";
import { allSets, type Rollout } from "./rollout.ts";
import { scaleSet } from "./scale.ts";
import { isComplete, writeRolloutStatus } from "./status.ts";

/** One step of a rolling update: the new set grows within the surge, then the old ones shrink within what may be missing. */
export async function rollOut(start: Rollout): Promise<Result | undefined> {
  const rollout = await withNewSet(start);
  if (await growNewSet(rollout)) return writeRolloutStatus(rollout);
  if (await shrinkOldSets(rollout)) return writeRolloutStatus(rollout);
  if (isComplete(rollout.deployment, rollout.deployment.status)) await cleanUpHistory(rollout);
  return writeRolloutStatus(rollout);
}

async function growNewSet(rollout: Rollout): Promise<boolean> {
  const { deployment, newSet } = rollout;
  const desired = desiredReplicas(deployment);
  if (newSet === undefined || replicasOf(newSet) === desired) return false;
  return scaleSet(rollout, newSet, replicasOf(newSet) > desired ? desired : newSetSize(rollout));
}

async function shrinkOldSets(rollout: Rollout): Promise<boolean> {
  const { deployment, newSet } = rollout;
  const old = byAge(rollout.oldSets.filter(isActive));
  if (old.length === 0 || newSet === undefined) return false;
  const minAvailable = desiredReplicas(deployment) - maxUnavailable(deployment);
  const newUnavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const most = sumReplicas(allSets(rollout)) - minAvailable - newUnavailable;
  if (most <= 0) return false;
  const sizes = new Map(old.map((set) => [set, replicasOf(set)]));
  takeUnhealthy(sizes, most);
  takeAvailable(sizes, sumStatus(allSets(rollout), "availableReplicas") - minAvailable);
  let changed = false;
  for (const [set, size] of sizes)
    if (size !== replicasOf(set)) changed = (await scaleSet(rollout, set, size)) || changed;
  return changed;
}

/** Pods that serve nobody go first: nothing is lost with them. */
function takeUnhealthy(sizes: Map<Stored<ReplicaSet>, number>, most: number): void {
  let left = most;
  for (const [set, size] of sizes) {
    const unhealthy = Math.max(0, size - (set.status?.availableReplicas ?? 0));
    const taken = Math.min(left, unhealthy);
    sizes.set(set, size - taken);
    left -= taken;
  }
}

function takeAvailable(sizes: Map<Stored<ReplicaSet>, number>, most: number): void {
  let left = Math.max(0, most);
  for (const [set, size] of sizes) {
    const taken = Math.min(left, size);
    sizes.set(set, size - taken);
    left -= taken;
  }
}
