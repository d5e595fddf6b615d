import type { Deployment, ReplicaSet } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { ReconcileContext } from "@jdos/controller-runtime";

/** One round's view of a Deployment. */
export interface Rollout {
  readonly context: ReconcileContext;
  readonly deployment: Stored<Deployment>;
  /** The set with the present template. */
  readonly newSet: Stored<ReplicaSet> | undefined;
  readonly oldSets: readonly Stored<ReplicaSet>[];
}

export function allSets({ newSet, oldSets }: Rollout): Stored<ReplicaSet>[] {
  return newSet === undefined ? [...oldSets] : [...oldSets, newSet];
}
