import {
  type ControllerRevision,
  ControllerRevisions,
  type Pod,
  Pods,
  type StatefulSet,
  StatefulSets,
} from "@jdos/api";
import { deepEqual, formatKey, isStatus, keyOf, messageOf, type ObjectKey } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import {
  applyStatus,
  type ControllerOptions,
  Expectations,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import {
  hashOf,
  indexRevisions,
  pruneRevisions,
  REVISION_LABEL,
  recordRevision,
  revisionsOf,
} from "../controllerrevision/revisions.ts";
import { indexControlledPods } from "../pod/controlled-pods.ts";
import { observePods } from "../pod/observe-pods.ts";
import { isNamespaceTerminating } from "../pod/pod-control.ts";
import { claimPods, indexOrphanPods } from "../replicaset/claim.ts";
import { ensureClaims } from "./claims.ts";
import { ordinalOf, podOf } from "./ordinals.ts";
import { planStep, type Step, statefulSetStatus, type World } from "./plan.ts";

/** Keeps Pods with names and claims of their own. Source: kubernetes.io, StatefulSets. */
export function statefulSetController({ clock }: { clock: Clock }): ControllerOptions {
  const expectations = new Expectations({ clock });
  return {
    name: "statefulset",
    eventSource: "statefulset-controller",
    for: StatefulSets,
    owns: [Pods, ControllerRevisions],
    setup: ({ informers }) => {
      indexControlledPods(informers);
      indexOrphanPods(informers);
      indexRevisions(informers);
      observePods(informers, StatefulSets, expectations);
    },
    reconcile: (context, key) => reconcile(context, key, expectations),
  };
}

interface Revisions {
  current: Stored<ControllerRevision>;
  update: Stored<ControllerRevision>;
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  expectations: Expectations,
): Promise<Result | undefined> {
  const { client, informers } = context;
  const set = informers.for(StatefulSets).lister.get(key);
  if (set === undefined) {
    expectations.forget(formatKey(key));
    return undefined;
  }
  if (set.metadata.deletionTimestamp !== undefined) return undefined;
  const { selector } = set.spec!;
  const revisions = await revisionsFor(context, set);
  const claimed = await claimPods(set, { client, informers, type: StatefulSets, selector });
  const pods = claimed.filter((pod) => ordinalOf(set, pod.metadata.name) !== undefined);
  const hashes = { current: hashOf(revisions.current), update: hashOf(revisions.update) };
  const world: World = { set, pods, hashes, now: context.now() };
  if (expectations.satisfied(formatKey(key)))
    await carryOut(context, { set, revisions, expectations }, planStep(world));
  await writeStatus(context, world, revisions);
  const live = new Set([
    hashes.current,
    hashes.update,
    ...pods.map((pod) => pod.metadata.labels?.[REVISION_LABEL] ?? ""),
  ]);
  await pruneRevisions(client, revisionsOf(informers, set), {
    keep: set.spec?.revisionHistoryLimit ?? 10,
    live,
  });
  const { minReadySeconds = 0 } = set.spec ?? {};
  return minReadySeconds > 0 ? { requeueAfterSeconds: minReadySeconds } : undefined;
}

async function revisionsFor(
  { client, informers }: ReconcileContext,
  set: Stored<StatefulSet>,
): Promise<Revisions> {
  const { template, selector } = set.spec!;
  const labels = selector.matchLabels ?? {};
  const update = await recordRevision(set, {
    client,
    informers,
    template,
    labels,
    collisionCount: set.status?.collisionCount,
  });
  const current = revisionsOf(informers, set).find(
    ({ metadata }) => metadata.name === set.status?.currentRevision,
  );
  return { current: current ?? update, update };
}

interface Work {
  set: Stored<StatefulSet>;
  revisions: Revisions;
  expectations: Expectations;
}

async function carryOut(
  context: ReconcileContext,
  { set, revisions, expectations }: Work,
  { create, remove }: Step,
): Promise<void> {
  const key = formatKey(keyOf(set));
  if (create.length > 0) expectations.expectCreations(key, create.length);
  for (const { ordinal, hash } of create) {
    try {
      const revision = hash === hashOf(revisions.update) ? revisions.update : revisions.current;
      await ensureClaims(context, set, ordinal);
      await createPod(context, set, podOf(set, { ordinal, revision, hash: hashOf(revision) }));
    } catch (error) {
      // What was not created will not be seen, nor will those that were to follow.
      expectations.forget(key);
      if (isNamespaceTerminating(error)) return;
      throw error;
    }
  }
  if (remove.length > 0 && create.length === 0)
    expectations.expectDeletions(
      key,
      remove.map(({ metadata }) => metadata.uid),
    );
  for (const pod of remove) {
    try {
      await removePod(context, set, pod);
    } catch (error) {
      expectations.forget(key);
      throw error;
    }
  }
}

async function createPod(
  { client, events }: ReconcileContext,
  set: Stored<StatefulSet>,
  pod: Pod,
): Promise<void> {
  const subject = `Pod ${pod.metadata!.name} in StatefulSet ${set.metadata.name}`;
  try {
    await client.create(Pods, pod);
    events.event(set, "Normal", "SuccessfulCreate", `create ${subject} successful`);
  } catch (error) {
    if (!isNamespaceTerminating(error))
      events.event(set, "Warning", "FailedCreate", `create ${subject} failed error: ${messageOf(error)}`);
    throw error;
  }
}

async function removePod(
  { client, events }: ReconcileContext,
  set: Stored<StatefulSet>,
  pod: Stored<Pod>,
): Promise<void> {
  const subject = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
  try {
    await client.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
    events.event(set, "Normal", "SuccessfulDelete", `delete ${subject} successful`);
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    events.event(set, "Warning", "FailedDelete", `delete ${subject} failed error: ${messageOf(error)}`);
    throw error;
  }
}

async function writeStatus(
  { client }: ReconcileContext,
  world: World,
  { current, update }: Revisions,
): Promise<void> {
  const { set } = world;
  const { conditions, ...before } = set.status ?? {};
  const status = statefulSetStatus(world, { current: current.metadata.name, update: update.metadata.name });
  if (deepEqual(before, status)) return;
  await applyStatus(client, {
    type: StatefulSets,
    object: set,
    status: { ...status, ...(conditions === undefined ? {} : { conditions }) },
  });
}
