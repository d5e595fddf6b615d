import { Deployments, type Pod, Pods, ReplicaSets } from "@jdos/api";
import { keyOf, matchesSelector, type ObjectKey } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import {
  type ControllerOptions,
  ownerKey,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import { indexControlledPods } from "../pod/controlled-pods.ts";
import { isRollingUpdate } from "./bounds.ts";
import { cleanUpHistory } from "./history.ts";
import { withNewSetUpToDate } from "./new-set.ts";
import { withPauseReported } from "./pause.ts";
import { recreate } from "./recreate.ts";
import { claimReplicaSets, findNewSet, indexReplicaSets } from "./replica-sets.ts";
import { rollOut } from "./rolling.ts";
import type { Rollout } from "./rollout.ts";
import { isScalingEvent, scale } from "./scale.ts";
import { writeCountedStatus } from "./status.ts";

/** Rolls a Deployment's Pods from one template to the next. Source: kubernetes.io, Deployments. */
export function deploymentController(): ControllerOptions {
  return {
    name: "deployment",
    eventSource: "deployment-controller",
    for: Deployments,
    owns: [ReplicaSets],
    watches: [
      { type: Pods, keys: recreatingDeployment },
      { type: ReplicaSets, keys: deploymentsThatMayAdopt },
    ],
    setup: ({ informers }) => {
      indexReplicaSets(informers);
      indexControlledPods(informers);
    },
    reconcile,
  };
}

/** Only a Deployment that waits for its old Pods to end cares for Pods. */
function recreatingDeployment(pod: Stored<Pod>, informers: InformerFactory): ObjectKey[] {
  const setKey = ownerKey(pod, ReplicaSets);
  const set = setKey === undefined ? undefined : informers.for(ReplicaSets).lister.get(setKey);
  const key = set === undefined ? undefined : ownerKey(set, Deployments);
  const deployment = key === undefined ? undefined : informers.for(Deployments).lister.get(key);
  return deployment === undefined || isRollingUpdate(deployment) ? [] : [keyOf(deployment)];
}

function deploymentsThatMayAdopt(set: Stored<object>, informers: InformerFactory): ObjectKey[] {
  if (set.metadata.ownerReferences?.some(({ controller }) => controller === true)) return [];
  const deployments = informers.for(Deployments).lister.list(set.metadata.namespace);
  return deployments.filter(({ spec }) => matchesSelector(spec?.selector, set.metadata.labels)).map(keyOf);
}

async function reconcile(context: ReconcileContext, key: ObjectKey): Promise<Result | undefined> {
  const { client, informers } = context;
  const found = informers.for(Deployments).lister.get(key);
  if (found === undefined) return undefined;
  const sets = await claimReplicaSets(client, informers, found);
  if (found.metadata.deletionTimestamp !== undefined) {
    await writeCountedStatus(rolloutOf(context, found, sets));
    return undefined;
  }
  const deployment = await withPauseReported(context, found);
  const rollout = await withNewSetUpToDate(rolloutOf(context, deployment, sets));
  if (deployment.spec?.paused === true || isScalingEvent(rollout)) {
    await scale(rollout);
    if (deployment.spec?.paused === true) await cleanUpHistory(rollout);
    await writeCountedStatus(rollout);
    return undefined;
  }
  return isRollingUpdate(deployment) ? rollOut(rollout) : recreate(rollout);
}

function rolloutOf(
  context: ReconcileContext,
  deployment: Rollout["deployment"],
  sets: Awaited<ReturnType<typeof claimReplicaSets>>,
): Rollout {
  const newSet = findNewSet(deployment, sets);
  const oldSets = sets.filter((set) => set !== newSet);
  return { context, deployment, newSet, oldSets };
}
