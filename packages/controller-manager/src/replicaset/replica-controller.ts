import { type Pod, Pods, type ReplicaSet } from "@jdos/api";
import {
  controllerOf,
  type DeepReadonly,
  formatKey,
  keyOf,
  type LabelSelector,
  matchesSelector,
  messageOf,
  type ObjectKey,
  type ResourceType,
} from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import {
  applyStatus,
  type ControllerOptions,
  Expectations,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import { controlledPods, indexControlledPods } from "../pod/controlled-pods.ts";
import { observePods } from "../pod/observe-pods.ts";
import { createPod, deletePod, isNamespaceTerminating } from "../pod/pod-control.ts";
import { podFromTemplate } from "../pod/pod-from-template.ts";
import { isPodActive } from "../pod/pod-state.ts";
import { claimPods, indexOrphanPods } from "./claim.ts";
import { inDeletionOrder } from "./ranking.ts";
import { slowStart } from "./slow-start.ts";
import { replicaSetStatus, type StatusInput } from "./status.ts";

/** Pods created or deleted in one round at most. */
const BURST = 500;
const SIBLINGS = "controller-uid";

/** A Kind that keeps a number of equal Pods, seen as a ReplicaSet. */
export interface ReplicaKind {
  type: ResourceType<ReplicaSet>;
  /** "replicaset": the controller's name, and with "-controller" the source of its events. */
  name: string;
  selectorOf(set: Stored<ReplicaSet>): DeepReadonly<LabelSelector> | undefined;
}

interface Replicas {
  readonly context: ReconcileContext;
  readonly kind: ReplicaKind;
  readonly expectations: Expectations;
  readonly set: Stored<ReplicaSet>;
}

/** The controller of such a Kind. */
export function replicaController(kind: ReplicaKind, clock: Clock): ControllerOptions {
  const expectations = new Expectations({ clock });
  return {
    name: kind.name,
    eventSource: kind.name === "replicaset" ? "replicaset-controller" : "replication-controller",
    for: kind.type,
    owns: [Pods],
    watches: [{ type: Pods, keys: (pod: Stored<Pod>, informers) => setsThatMayAdopt(kind, pod, informers) }],
    setup: ({ informers }) => {
      indexControlledPods(informers);
      indexOrphanPods(informers);
      indexSiblings(kind, informers);
      observePods(informers, kind.type, expectations);
    },
    reconcile: async (context, key) => {
      const set = context.informers.for(kind.type).lister.get(key);
      if (set !== undefined) return reconcile({ context, kind, expectations, set });
      expectations.forget(formatKey(key));
      return undefined;
    },
  };
}

function setsThatMayAdopt(
  { type, selectorOf }: ReplicaKind,
  pod: Stored<Pod>,
  informers: InformerFactory,
): ObjectKey[] {
  if (controllerOf(pod) !== undefined || pod.metadata.labels === undefined) return [];
  const sets = informers.for(type).lister.list(pod.metadata.namespace);
  return sets.filter((set) => matchesSelector(selectorOf(set), pod.metadata.labels)).map(keyOf);
}

function indexSiblings({ type }: ReplicaKind, informers: InformerFactory): void {
  informers.for(type).addIndex(SIBLINGS, (set) => {
    const owner = controllerOf(set);
    return owner === undefined ? [] : [owner.uid];
  });
}

async function reconcile(replicas: Replicas): Promise<Result | undefined> {
  const { context, kind, expectations, set } = replicas;
  const { client, informers, now } = context;
  const claimed = await claimPods(set, {
    client,
    informers,
    type: kind.type,
    selector: kind.selectorOf(set),
  });
  const pods = claimed.filter(isPodActive);
  let failure: Failure | undefined;
  if (expectations.satisfied(formatKey(keyOf(set))) && set.metadata.deletionTimestamp === undefined) {
    failure = await manage(replicas, pods);
  }
  const status = replicaSetStatus(set, { pods, failure: failure?.condition, now: now() });
  await applyStatus(client, { type: kind.type, object: set, status });
  if (failure !== undefined) throw failure.error;
  const { minReadySeconds = 0 } = set.spec ?? {};
  const waiting = minReadySeconds > 0 && (status.readyReplicas ?? 0) > (status.availableReplicas ?? 0);
  return waiting ? { requeueAfterSeconds: minReadySeconds } : undefined;
}

interface Failure {
  condition: StatusInput["failure"];
  error: unknown;
}

async function manage(replicas: Replicas, pods: readonly Stored<Pod>[]): Promise<Failure | undefined> {
  const missing = (replicas.set.spec?.replicas ?? 1) - pods.length;
  if (missing > 0) return addPods(replicas, Math.min(missing, BURST));
  if (missing < 0) return takePods(replicas, pods, Math.min(-missing, BURST));
  return undefined;
}

async function addPods(
  { context, expectations, set }: Replicas,
  count: number,
): Promise<Failure | undefined> {
  const text = formatKey(keyOf(set));
  expectations.expectCreations(text, count);
  const { missing, error } = await slowStart(count, async () => {
    await createPod(context, set, podFromTemplate(set, set.spec!.template!));
  });
  for (let index = 0; index < missing; index++) expectations.creationObserved(text);
  if (missing === 0 || isNamespaceTerminating(error)) return undefined;
  return { condition: { reason: "FailedCreate", message: messageOf(error) }, error };
}

async function takePods(
  replicas: Replicas,
  pods: readonly Stored<Pod>[],
  count: number,
): Promise<Failure | undefined> {
  const { context, expectations, set } = replicas;
  const text = formatKey(keyOf(set));
  const counts = podsByNode(replicas);
  const ranked = inDeletionOrder(pods, { podsOnNode: (node) => counts.get(node) ?? 0, now: context.now() });
  const chosen = ranked.slice(0, count);
  expectations.expectDeletions(
    text,
    chosen.map(({ metadata }) => metadata.uid),
  );
  const results = await Promise.allSettled(
    chosen.map(async (pod) => {
      try {
        await deletePod(context, set, pod);
      } catch (error) {
        expectations.deletionObserved(text, pod.metadata.uid);
        throw error;
      }
    }),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return undefined;
  return { condition: { reason: "FailedDelete", message: messageOf(failed.reason) }, error: failed.reason };
}

/** How many active Pods of the set and its siblings (the other sets of its Deployment) are on each node. */
function podsByNode({ context: { informers }, kind, set }: Replicas): Map<string, number> {
  const owner = controllerOf(set);
  const siblings = owner === undefined ? [set] : informers.for(kind.type).lister.byIndex(SIBLINGS, owner.uid);
  const counts = new Map<string, number>();
  for (const sibling of siblings) {
    for (const pod of controlledPods(informers, sibling.metadata.uid)) {
      const node = pod.spec?.nodeName;
      if (node && isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
  }
  return counts;
}
