import type { Result } from "@jdos/controller-runtime";
import { controlledPods } from "../pod/controlled-pods.ts";
import { isPodTerminal } from "../pod/pod-state.ts";
import { desiredReplicas } from "./bounds.ts";
import { cleanUpHistory } from "./history.ts";
import { withNewSet } from "./new-set.ts";
import { isActive, replicasOf } from "./replica-sets.ts";
import type { Rollout } from "./rollout.ts";
import { scaleSet } from "./scale.ts";
import { isComplete, writeRolloutStatus } from "./status.ts";

/** Ends every old Pod before the first new one is made. */
export async function recreate(start: Rollout): Promise<Result | undefined> {
  const active = start.oldSets.filter(isActive);
  for (const set of active) await scaleSet(start, set, 0);
  if (active.length > 0 || oldPodsRun(start)) return writeRolloutStatus(start);
  const rollout = await withNewSet(start);
  const { deployment, newSet } = rollout;
  if (newSet !== undefined && replicasOf(newSet) !== desiredReplicas(deployment)) {
    await scaleSet(rollout, newSet, desiredReplicas(deployment));
  }
  if (isComplete(deployment, deployment.status)) await cleanUpHistory(rollout);
  return writeRolloutStatus(rollout);
}

function oldPodsRun({ context, oldSets }: Rollout): boolean {
  return oldSets.some((set) =>
    controlledPods(context.informers, set.metadata.uid).some((pod) => !isPodTerminal(pod)),
  );
}
