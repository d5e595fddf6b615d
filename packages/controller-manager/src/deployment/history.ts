import { type ReplicaSet, ReplicaSets } from "@jdos/api";
import { isStatus, keyOf } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { byAge, replicasOf } from "./replica-sets.ts";
import { revisionOf } from "./revision.ts";
import type { Rollout } from "./rollout.ts";

/** Deletes the oldest idle sets beyond revisionHistoryLimit. */
export async function cleanUpHistory({ context, deployment, oldSets }: Rollout): Promise<void> {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const idle = byAge(oldSets.filter(isIdle)).sort((a, b) => revisionOf(a) - revisionOf(b));
  for (const set of idle.slice(0, Math.max(0, idle.length - limit))) {
    try {
      await context.client.delete(ReplicaSets, keyOf(set), { preconditions: { uid: set.metadata.uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

function isIdle(set: Stored<ReplicaSet>): boolean {
  const { generation = 0, deletionTimestamp } = set.metadata;
  const observed = (set.status?.observedGeneration ?? 0) >= generation;
  return (
    deletionTimestamp === undefined && replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && observed
  );
}
