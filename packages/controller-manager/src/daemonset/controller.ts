import { ControllerRevisions, type DaemonSet, DaemonSets, Nodes, Pods } from "@jdos/api";
import { deepEqual, formatKey, type KubeObject, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
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
import { createPod, deletePod } from "../pod/pod-control.ts";
import { claimPods, indexOrphanPods } from "../replicaset/claim.ts";
import { slowStart } from "../replicaset/slow-start.ts";
import { daemonPod } from "./daemon-pod.ts";
import { daemonSetStatus, type Plan, planDaemons, type World } from "./plan.ts";

/** Keeps one Pod on each node that a DaemonSet is for. Source: kubernetes.io, DaemonSet. */
export function daemonSetController({ clock }: { clock: Clock }): ControllerOptions {
  const expectations = new Expectations({ clock });
  return {
    name: "daemonset",
    eventSource: "daemonset-controller",
    for: DaemonSets,
    owns: [Pods, ControllerRevisions],
    watches: [{ type: Nodes, keys: allSets }],
    setup: ({ informers }) => {
      indexControlledPods(informers);
      indexOrphanPods(informers);
      indexRevisions(informers);
      observePods(informers, DaemonSets, expectations);
    },
    reconcile: (context, key) => reconcile(context, key, expectations),
  };
}

function allSets(_: Stored<KubeObject>, informers: InformerFactory): ObjectKey[] {
  return informers.for(DaemonSets).lister.list().map(keyOf);
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  expectations: Expectations,
): Promise<Result | undefined> {
  const { client, informers } = context;
  const set = informers.for(DaemonSets).lister.get(key);
  if (set === undefined) {
    expectations.forget(formatKey(key));
    return undefined;
  }
  if (set.metadata.deletionTimestamp !== undefined) return undefined;
  const { template, selector } = set.spec!;
  const labels = selector.matchLabels ?? {};
  const revision = await recordRevision(set, {
    client,
    informers,
    template,
    labels,
    collisionCount: set.status?.collisionCount,
  });
  const pods = await claimPods(set, { client, informers, type: DaemonSets, selector });
  const world: World = {
    set,
    nodes: informers.for(Nodes).lister.list(),
    pods,
    hash: hashOf(revision),
    now: context.now(),
  };
  if (expectations.satisfied(formatKey(key)))
    await carryOut({ context, world, expectations }, planDaemons(world));
  const status = daemonSetStatus(world);
  const { conditions, ...before } = set.status ?? {};
  if (!deepEqual(before, status)) {
    await applyStatus(client, {
      type: DaemonSets,
      object: set,
      status: { ...status, ...(conditions === undefined ? {} : { conditions }) },
    });
  }
  const live = new Set([world.hash, ...pods.map((pod) => pod.metadata.labels?.[REVISION_LABEL] ?? "")]);
  await pruneRevisions(client, revisionsOf(informers, set), {
    keep: set.spec?.revisionHistoryLimit ?? 10,
    live,
  });
  return whenAvailable(set, status);
}

interface Work {
  context: ReconcileContext;
  world: World;
  expectations: Expectations;
}

async function carryOut({ context, world: { set, hash }, expectations }: Work, plan: Plan): Promise<void> {
  const key = formatKey(keyOf(set));
  for (const pod of plan.failed) {
    const { name } = pod.metadata;
    context.events.event(
      set,
      "Warning",
      "FailedDaemonPod",
      `Found failed daemon pod ${formatKey(keyOf(pod))} on node ${pod.spec?.nodeName}, will try to kill it: ${name}`,
    );
  }
  const doomed = [...plan.failed, ...plan.remove];
  if (doomed.length > 0) {
    expectations.expectDeletions(
      key,
      doomed.map(({ metadata }) => metadata.uid),
    );
    const results = await Promise.allSettled(doomed.map((pod) => deletePod(context, set, pod)));
    results.forEach((result, index) => {
      if (result.status === "rejected") expectations.deletionObserved(key, doomed[index]!.metadata.uid);
    });
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return;
  }
  if (plan.create.length === 0) return;
  expectations.expectCreations(key, plan.create.length);
  const names = [...plan.create];
  const { missing, error } = await slowStart(names.length, async () => {
    await createPod(context, set, daemonPod(set, names.shift()!, hash));
  });
  for (let index = 0; index < missing; index++) expectations.creationObserved(key);
  if (missing > 0) throw error;
}

function whenAvailable(
  { spec }: Stored<DaemonSet>,
  status: NonNullable<DaemonSet["status"]>,
): Result | undefined {
  const { minReadySeconds = 0 } = spec ?? {};
  const waiting = minReadySeconds > 0 && status.numberReady > (status.numberAvailable ?? 0);
  return waiting ? { requeueAfterSeconds: minReadySeconds } : undefined;
}
