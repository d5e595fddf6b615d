import { type Deployment, Deployments, type ReplicaSet, ReplicaSets } from "@jdos/api";
import {
  controllerOf,
  controllerReference,
  deepCopy,
  deepEqual,
  isStatus,
  keyOf,
  messageOf,
} from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { applyStatus } from "@jdos/controller-runtime";
import { boundsOf, desiredReplicas, isRollingUpdate, maxSurge } from "./bounds.ts";
import { type ConditionInput, hasProgressDeadline, progressingOf, withCondition } from "./conditions.ts";
import { replicasOf, sumReplicas } from "./replica-sets.ts";
import { maxRevision, newSetAnnotations, REVISION, replicasAnnotations } from "./revision.ts";
import { allSets, type Rollout } from "./rollout.ts";
import { announceScale } from "./scale.ts";
import { equalTemplates, TEMPLATE_HASH, templateHash } from "./template-hash.ts";

/** The rollout with its new set's annotations and the Deployment's revision as they should be. */
export async function withNewSetUpToDate(rollout: Rollout): Promise<Rollout> {
  const { context, deployment, newSet, oldSets } = rollout;
  if (newSet === undefined) return rollout;
  const annotations = newSetAnnotations(deployment, newSet.metadata.annotations, maxRevision(oldSets) + 1);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  let set = newSet;
  if (
    !deepEqual(annotations, newSet.metadata.annotations ?? {}) ||
    minReadySeconds !== (newSet.spec?.minReadySeconds ?? 0)
  ) {
    const next = {
      ...newSet,
      metadata: { ...newSet.metadata, annotations },
      spec: { ...newSet.spec, minReadySeconds },
    };
    set = await context.client.update(ReplicaSets, next as Stored<ReplicaSet>);
  }
  let current = await recordRevision({ ...rollout, newSet: set });
  if (progressingOf(current.status) === undefined) {
    const message = `Found new replica set "${set.metadata.name}"`;
    current = await writeProgress(
      { ...rollout, deployment: current },
      { status: "True", reason: "FoundNewReplicaSet", message },
    );
  }
  return { ...rollout, deployment: current, newSet: set };
}

/**
 * Writes the new set's revision on the Deployment, where kubectl reads it. A Deployment that has changed since the
 * round began ends the round with a Conflict: its steps were decided for another spec.
 */
async function recordRevision({ context, deployment, newSet }: Rollout): Promise<Stored<Deployment>> {
  const revision = newSet!.metadata.annotations?.[REVISION];
  if (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision) return deployment;
  const { uid, resourceVersion } = deployment.metadata;
  const body = { metadata: { uid, resourceVersion, annotations: { [REVISION]: revision } } };
  return context.client.patch(Deployments, keyOf(deployment), { type: "merge", body });
}

async function writeProgress(
  { context, deployment }: Rollout,
  condition: Omit<ConditionInput, "type">,
): Promise<Stored<Deployment>> {
  if (!hasProgressDeadline(deployment)) return deployment;
  const conditions = withCondition(
    deployment.status?.conditions,
    { type: "Progressing", ...condition },
    context.now(),
  );
  return applyStatus(context.client, {
    type: Deployments,
    object: deployment,
    status: { ...deployment.status, conditions },
  });
}

/** The rollout with a new set, created when there is none. */
export async function withNewSet(rollout: Rollout): Promise<Rollout> {
  if (rollout.newSet !== undefined) return rollout;
  const wanted = newSetOf(rollout);
  let set: Stored<ReplicaSet>;
  try {
    set = await rollout.context.client.create(ReplicaSets, wanted);
    const size = replicasOf(set);
    if (size > 0) announceScale(rollout, { name: set.metadata.name, before: 0, size });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) return reportFailure(rollout, wanted, error);
    set = await ownSetOfThatName(rollout, wanted, error);
  }
  const message = `Created new replica set "${set.metadata.name}"`;
  const created = { ...rollout, newSet: set };
  const deployment = await writeProgress(
    { ...created, deployment: await recordRevision(created) },
    { status: "True", reason: "NewReplicaSetCreated", message },
  );
  return { ...created, deployment };
}

async function reportFailure(rollout: Rollout, wanted: ReplicaSet, error: unknown): Promise<never> {
  const { context, deployment } = rollout;
  const why = messageOf(error);
  const message = `Failed to create new replica set "${wanted.metadata?.name}": ${why}`;
  await writeProgress(rollout, { status: "False", reason: "ReplicaSetCreateError", message }).catch(() => {});
  context.events.event(deployment, "Warning", "ReplicaSetCreateError", message);
  throw error;
}

/**
 * A set of the wanted name exists: ours with this template (the informer is behind), or another's. For another's
 * the collision count is raised, so that the next round takes another name.
 */
async function ownSetOfThatName(
  { context, deployment }: Rollout,
  wanted: ReplicaSet,
  error: unknown,
): Promise<Stored<ReplicaSet>> {
  const { client } = context;
  const set = await client.get(ReplicaSets, {
    namespace: deployment.metadata.namespace,
    name: wanted.metadata!.name!,
  });
  const ours = controllerOf(set)?.uid === deployment.metadata.uid;
  if (ours && equalTemplates(set.spec?.template, deployment.spec?.template)) return set;
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  await applyStatus(client, {
    type: Deployments,
    object: deployment,
    status: { ...deployment.status, collisionCount },
  });
  throw error;
}

function newSetOf(rollout: Rollout): ReplicaSet {
  const { deployment, oldSets } = rollout;
  const spec = deployment.spec!;
  const hash = templateHash(spec.template, deployment.status?.collisionCount);
  const template = deepCopy<typeof spec.template>(spec.template) as NonNullable<
    ReplicaSet["spec"]
  >["template"];
  template!.metadata = {
    ...template!.metadata,
    labels: { ...spec.template.metadata?.labels, [TEMPLATE_HASH]: hash },
  };
  const selector = deepCopy<NonNullable<ReplicaSet["spec"]>["selector"]>(spec.selector);
  const desired = desiredReplicas(deployment);
  return {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels: { ...spec.template.metadata?.labels, [TEMPLATE_HASH]: hash },
      annotations: {
        ...newSetAnnotations(deployment, undefined, maxRevision(oldSets) + 1),
        ...replicasAnnotations(desired, desired + maxSurge(deployment)),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: newSetSize(rollout),
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template,
    },
  };
}

/** How large the new set may be now: a rolling update grows it within the surge. */
export function newSetSize(rollout: Rollout): number {
  const { deployment, newSet } = rollout;
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment)) return desired;
  const size = newSet === undefined ? 0 : replicasOf(newSet);
  const room = desired + boundsOf(deployment).surge - sumReplicas(allSets(rollout));
  return room <= 0 ? size : size + Math.min(room, desired - size);
}
