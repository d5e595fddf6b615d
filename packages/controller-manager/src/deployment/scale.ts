import { type ReplicaSet, ReplicaSets } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { boundsOf, desiredReplicas, isRollingUpdate, maxSurge } from "./bounds.ts";
import { byAge, isActive, replicasOf, sumReplicas } from "./replica-sets.ts";
import {
  annotatedNumber,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  replicasAnnotations,
  revisionOf,
} from "./revision.ts";
import { allSets, type Rollout } from "./rollout.ts";

/** Sets the size of one ReplicaSet and says so; true when the size changed. */
export async function scaleSet(
  { context, deployment }: Rollout,
  set: Stored<ReplicaSet>,
  size: number,
): Promise<boolean> {
  const wanted = replicasAnnotations(
    desiredReplicas(deployment),
    desiredReplicas(deployment) + maxSurge(deployment),
  );
  const annotated = Object.entries(wanted).every(([key, value]) => set.metadata.annotations?.[key] === value);
  const before = replicasOf(set);
  if (before === size && annotated) return false;
  const metadata = { ...set.metadata, annotations: { ...set.metadata.annotations, ...wanted } };
  await context.client.update(ReplicaSets, {
    ...set,
    metadata,
    spec: { ...set.spec, replicas: size },
  } as Stored<ReplicaSet>);
  if (before === size) return false;
  announceScale({ context, deployment }, { name: set.metadata.name, before, size });
  return true;
}

interface Scaling {
  name: string;
  before: number;
  size: number;
}

export function announceScale(
  { context, deployment }: Pick<Rollout, "context" | "deployment">,
  { name, before, size }: Scaling,
): void {
  const direction = size > before ? "up" : "down";
  context.events.event(
    deployment,
    "Normal",
    "ScalingReplicaSet",
    `Scaled ${direction} replica set ${name} from ${before} to ${size}`,
  );
}

/** Whether the Deployment was scaled since its sets were last sized. */
export function isScalingEvent(rollout: Rollout): boolean {
  const desired = desiredReplicas(rollout.deployment);
  return allSets(rollout).some((set) => {
    const before = annotatedNumber(set, DESIRED_REPLICAS);
    return isActive(set) && before !== undefined && before !== desired;
  });
}

/**
 * Brings the sets to a new number of replicas without taking the rollout further: one active set takes it all,
 * several share it in proportion to their sizes, so that a half-done rollout stays half done.
 */
export async function scale(rollout: Rollout): Promise<void> {
  const { deployment, newSet, oldSets } = rollout;
  const desired = desiredReplicas(deployment);
  const only = activeOrLatest(rollout);
  if (only !== undefined) {
    await scaleSet(rollout, only, desired);
    return;
  }
  if (newSet !== undefined && isSaturated(newSet, desired)) {
    for (const set of oldSets.filter(isActive)) await scaleSet(rollout, set, 0);
    return;
  }
  if (isRollingUpdate(deployment)) {
    for (const [set, size] of proportionalSizes(rollout)) await scaleSet(rollout, set, size);
  }
}

/** The one active set, or with none active the newest there is; nothing when several are active. */
function activeOrLatest({ newSet, oldSets }: Rollout): Stored<ReplicaSet> | undefined {
  const active = [...oldSets, ...(newSet === undefined ? [] : [newSet])].filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? newSet ?? byRevision(oldSets).at(-1);
}

function byRevision(sets: readonly Stored<ReplicaSet>[]): Stored<ReplicaSet>[] {
  return byAge(sets).sort((a, b) => revisionOf(a) - revisionOf(b));
}

function isSaturated(set: Stored<ReplicaSet>, desired: number): boolean {
  const annotated = annotatedNumber(set, DESIRED_REPLICAS);
  return (
    replicasOf(set) === desired && annotated === desired && (set.status?.availableReplicas ?? 0) === desired
  );
}

/** The size each active set gets; what rounding leaves over goes to the largest. */
export function proportionalSizes(rollout: Rollout): Map<Stored<ReplicaSet>, number> {
  const { deployment } = rollout;
  const active = allSets(rollout).filter(isActive);
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + boundsOf(deployment).surge : 0;
  const toAdd = allowed - sumReplicas(active);
  const ordered = byAge(active).sort((a, b) => replicasOf(b) - replicasOf(a));
  if (toAdd > 0) preferNewer(ordered);
  const sizes = new Map<Stored<ReplicaSet>, number>();
  let added = 0;
  for (const set of ordered) {
    const share = shareOf(set, rollout, toAdd - added);
    sizes.set(set, replicasOf(set) + share);
    added += share;
  }
  const first = ordered[0];
  if (first !== undefined) sizes.set(first, Math.max(0, sizes.get(first)! + toAdd - added));
  return sizes;
}

/** Among sets of one size the newer grows first; the older shrinks first. */
function preferNewer(sets: Stored<ReplicaSet>[]): void {
  const age = new Map(byAge(sets).map((set, index) => [set, index]));
  sets.sort((a, b) => replicasOf(b) - replicasOf(a) || age.get(b)! - age.get(a)!);
}

function shareOf(set: Stored<ReplicaSet>, { deployment }: Rollout, left: number): number {
  if (left === 0) return 0;
  const desired = desiredReplicas(deployment);
  const size = replicasOf(set);
  if (desired === 0) return Math.max(-size, left);
  const before = annotatedNumber(set, MAX_REPLICAS) ?? deployment.status?.replicas ?? 0;
  const grown = before === 0 ? size : Math.round((size * (desired + boundsOf(deployment).surge)) / before);
  const share = grown - size;
  return left > 0 ? Math.min(share, left) : Math.max(share, left);
}
