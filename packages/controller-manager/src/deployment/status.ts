import { type Deployment, Deployments, type ReplicaSet } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { applyStatus, type Result } from "@jdos/controller-runtime";
import { desiredReplicas, maxUnavailable } from "./bounds.ts";
import {
  type DeploymentStatus,
  hasProgressDeadline,
  progressingOf,
  withCondition,
  withoutCondition,
  withRenewedCondition,
} from "./conditions.ts";
import { sumReplicas, sumStatus } from "./replica-sets.ts";
import { allSets, type Rollout } from "./rollout.ts";

/** What the sets show, before any judgement of progress. */
export function countedStatus(rollout: Rollout): DeploymentStatus {
  const { deployment, newSet, context } = rollout;
  const sets = allSets(rollout);
  const available = sumStatus(sets, "availableReplicas");
  const enough = available >= desiredReplicas(deployment) - maxUnavailable(deployment);
  const conditions = withCondition(
    deployment.status?.conditions,
    enough
      ? {
          type: "Available",
          status: "True",
          reason: "MinimumReplicasAvailable",
          message: "Deployment has minimum availability.",
        }
      : {
          type: "Available",
          status: "False",
          reason: "MinimumReplicasUnavailable",
          message: "Deployment does not have minimum availability.",
        },
    context.now(),
  );
  const { collisionCount } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...positive("replicas", sumStatus(sets, "replicas")),
    ...positive("updatedReplicas", newSet?.status?.replicas ?? 0),
    ...positive("readyReplicas", sumStatus(sets, "readyReplicas")),
    ...positive("availableReplicas", available),
    ...positive("unavailableReplicas", Math.max(0, sumReplicas(sets) - available)),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions,
  };
}

/** Numbers of 0 are left out, as Kubernetes writes them. */
function positive<K extends string>(name: K, value: number): Partial<Record<K, number>> {
  return value > 0 ? ({ [name]: value } as Record<K, number>) : {};
}

/** Every Pod is of the new set and available, and the status speaks of the present spec. */
export function isComplete(
  deployment: Stored<Deployment>,
  status: DeploymentStatus | Stored<Deployment>["status"],
): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.replicas ?? 0) === desired &&
    (status?.availableReplicas ?? 0) === desired &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** Writes the counted status; for paused and scaled Deployments, whose progress is not judged. */
export async function writeCountedStatus(rollout: Rollout): Promise<void> {
  const { context, deployment } = rollout;
  await applyStatus(context.client, {
    type: Deployments,
    object: deployment,
    status: countedStatus(rollout),
  });
}

/** Writes the status with the judgement of progress; comes back when the deadline will have passed. */
export async function writeRolloutStatus(rollout: Rollout): Promise<Result | undefined> {
  const { context, deployment } = rollout;
  const status = countedStatus(rollout);
  status.conditions = withFailures(rollout, progressConditions(rollout, status));
  const written = await applyStatus(context.client, { type: Deployments, object: deployment, status });
  return untilDeadline(deployment, written.status as DeploymentStatus, context.now());
}

function progressConditions(rollout: Rollout, status: DeploymentStatus): DeploymentStatus["conditions"] {
  const { deployment, newSet, context } = rollout;
  if (!hasProgressDeadline(deployment)) return withoutCondition(status.conditions, "Progressing");
  const current = progressingOf(deployment.status);
  const settled =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === "NewReplicaSetAvailable";
  if (settled) return status.conditions;
  const subject =
    newSet === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${newSet.metadata.name}"`;
  const condition = { type: "Progressing", status: "True" } as const;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(
      status.conditions,
      { ...condition, reason: "NewReplicaSetAvailable", message },
      context.now(),
    );
  }
  if (hasMoved(deployment.status, status)) {
    const message = `${subject} is progressing.`;
    return withRenewedCondition(
      status.conditions,
      { ...condition, reason: "ReplicaSetUpdated", message },
      context.now(),
    );
  }
  if (hasTimedOut(deployment, status, context.now())) {
    const message = `${subject} has timed out progressing.`;
    const failed = { ...condition, status: "False", reason: "ProgressDeadlineExceeded", message } as const;
    return withCondition(status.conditions, failed, context.now());
  }
  return status.conditions;
}

/** Whether new Pods came, old ones went, or more are ready or available than before. */
function hasMoved(before: Stored<Deployment>["status"], now: DeploymentStatus): boolean {
  const old = (status: Stored<Deployment>["status"] | DeploymentStatus): number =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    (now.updatedReplicas ?? 0) > (before?.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before?.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before?.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Stored<Deployment>, status: DeploymentStatus, now: Date): boolean {
  const condition = progressingOf(status);
  if (condition === undefined || condition.reason === "NewReplicaSetAvailable") return false;
  if (condition.reason === "ProgressDeadlineExceeded") return true;
  return now.getTime() > deadlineMillis(deployment, condition.lastUpdateTime);
}

function deadlineMillis(deployment: Stored<Deployment>, since: string | undefined): number {
  return Date.parse(since ?? "") + deployment.spec!.progressDeadlineSeconds! * 1000;
}

function untilDeadline(
  deployment: Stored<Deployment>,
  status: DeploymentStatus,
  now: Date,
): Result | undefined {
  const condition = progressingOf(status);
  if (!hasProgressDeadline(deployment) || condition === undefined) return undefined;
  if (isComplete(deployment, status) || condition.reason === "ProgressDeadlineExceeded") return undefined;
  const left = deadlineMillis(deployment, condition.lastUpdateTime) - now.getTime();
  return { requeueAfterSeconds: Math.max(1, Math.ceil(left / 1000) + 1) };
}

/** Carries a set's trouble with creating Pods up to the Deployment. */
function withFailures(
  { newSet, oldSets, context }: Rollout,
  conditions: DeploymentStatus["conditions"],
): DeploymentStatus["conditions"] {
  const failing = failureOf(newSet) ?? oldSets.map(failureOf).find((condition) => condition !== undefined);
  if (failing === undefined) return withoutCondition(conditions, "ReplicaFailure");
  const { reason = "", message = "" } = failing;
  return withCondition(
    conditions,
    { type: "ReplicaFailure", status: "True", reason, message },
    context.now(),
  );
}

function failureOf(
  set: Stored<ReplicaSet> | undefined,
): { readonly reason?: string; readonly message?: string } | undefined {
  const condition = findCondition(set?.status?.conditions, "ReplicaFailure");
  return condition?.status === "True" ? condition : undefined;
}
