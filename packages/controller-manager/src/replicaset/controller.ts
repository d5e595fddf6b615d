import { type Pod, Pods, type ReplicaSet, ReplicaSets } from "@jdos/api";
import {
  controllerOf,
  formatKey,
  isStatus,
  keyOf,
  matchesSelector,
  type ObjectKey,
} from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import {
  applyStatus,
  type ControllerOptions,
  Expectations,
  ownerKey,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import { controlledPods, indexControlledPods } from "../pod/controlled-pods.ts";
import { podFromTemplate } from "../pod/pod-from-template.ts";
import { isPodActive } from "../pod/pod-state.ts";
import { claimPods, indexOrphanPods } from "./claim.ts";
import { inDeletionOrder } from "./ranking.ts";
import { slowStart } from "./slow-start.ts";
import { replicaSetStatus, type StatusInput } from "./status.ts";

/** Pods created or deleted in one round at most. */
const BURST = 500;
const SIBLINGS = "controller-uid";

/** Keeps as many Pods as a ReplicaSet asks for. Source: kubernetes.io, ReplicaSet. */
export function replicaSetController({ clock }: { clock: Clock }): ControllerOptions {
  const expectations = new Expectations({ clock });
  return {
    name: "replicaset",
    eventSource: "replicaset-controller",
    for: ReplicaSets,
    owns: [Pods],
    watches: [{ type: Pods, keys: setsThatMayAdopt }],
    setup: ({ informers }) => {
      indexControlledPods(informers);
      indexOrphanPods(informers);
      indexSiblings(informers);
      observe(informers, expectations);
    },
    reconcile: (context, key) => reconcile(context, key, expectations),
  };
}

function setsThatMayAdopt(pod: Stored<Pod>, informers: InformerFactory): ObjectKey[] {
  if (controllerOf(pod) !== undefined || pod.metadata.labels === undefined) return [];
  const sets = informers.for(ReplicaSets).lister.list(pod.metadata.namespace);
  return sets.filter((set) => matchesSelector(set.spec?.selector, pod.metadata.labels)).map(keyOf);
}

function indexSiblings(informers: InformerFactory): void {
  informers.for(ReplicaSets).addIndex(SIBLINGS, (set) => {
    const owner = controllerOf(set);
    return owner === undefined ? [] : [owner.uid];
  });
}

function observe(informers: InformerFactory, expectations: Expectations): void {
  const gone = (pod: Stored<Pod>): void => {
    const owner = ownerKey(pod, ReplicaSets);
    if (owner !== undefined) expectations.deletionObserved(formatKey(owner), pod.metadata.uid);
  };
  informers.for(Pods).addHandlers({
    added: (pod) => {
      const owner = ownerKey(pod, ReplicaSets);
      if (owner === undefined) return;
      if (pod.metadata.deletionTimestamp === undefined) expectations.creationObserved(formatKey(owner));
      else gone(pod);
    },
    updated: (pod) => {
      if (pod.metadata.deletionTimestamp !== undefined) gone(pod);
    },
    deleted: gone,
  });
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  expectations: Expectations,
): Promise<Result | undefined> {
  const { client, informers, now } = context;
  const set = informers.for(ReplicaSets).lister.get(key);
  if (set === undefined) {
    expectations.forget(formatKey(key));
    return undefined;
  }
  const claimed = await claimPods(set, { client, informers, type: ReplicaSets });
  const pods = claimed.filter(isPodActive);
  let failure: Failure | undefined;
  if (expectations.satisfied(formatKey(key)) && set.metadata.deletionTimestamp === undefined) {
    failure = await manage(context, set, { pods, expectations });
  }
  const status = replicaSetStatus(set, { pods, failure: failure?.condition, now: now() });
  await applyStatus(client, { type: ReplicaSets, object: set, status });
  if (failure !== undefined) throw failure.error;
  const { minReadySeconds = 0 } = set.spec ?? {};
  const waiting = minReadySeconds > 0 && (status.readyReplicas ?? 0) > (status.availableReplicas ?? 0);
  return waiting ? { requeueAfterSeconds: minReadySeconds } : undefined;
}

interface Failure {
  condition: StatusInput["failure"];
  error: unknown;
}

interface ManageOptions {
  pods: readonly Stored<Pod>[];
  expectations: Expectations;
}

async function manage(
  context: ReconcileContext,
  set: Stored<ReplicaSet>,
  { pods, expectations }: ManageOptions,
): Promise<Failure | undefined> {
  const missing = (set.spec?.replicas ?? 1) - pods.length;
  if (missing > 0) return createPods(context, set, { count: Math.min(missing, BURST), expectations });
  if (missing < 0) return deletePods(context, set, { pods, count: Math.min(-missing, BURST), expectations });
  return undefined;
}

interface CreateOptions {
  count: number;
  expectations: Expectations;
}

async function createPods(
  context: ReconcileContext,
  set: Stored<ReplicaSet>,
  { count, expectations }: CreateOptions,
): Promise<Failure | undefined> {
  const text = formatKey(keyOf(set));
  expectations.expectCreations(text, count);
  const { missing, error } = await slowStart(count, () => createPod(context, set));
  for (let index = 0; index < missing; index++) expectations.creationObserved(text);
  if (missing === 0 || isNamespaceTerminating(error)) return undefined;
  return { condition: { reason: "FailedCreate", message: messageOf(error) }, error };
}

async function createPod({ client, events }: ReconcileContext, set: Stored<ReplicaSet>): Promise<void> {
  try {
    const pod = await client.create(Pods, podFromTemplate(set, set.spec!.template!));
    events.event(set, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
  } catch (error) {
    if (!isNamespaceTerminating(error))
      events.event(set, "Warning", "FailedCreate", `Error creating: ${messageOf(error)}`);
    throw error;
  }
}

interface DeleteOptions extends CreateOptions {
  pods: readonly Stored<Pod>[];
}

async function deletePods(
  context: ReconcileContext,
  set: Stored<ReplicaSet>,
  { pods, count, expectations }: DeleteOptions,
): Promise<Failure | undefined> {
  const text = formatKey(keyOf(set));
  const counts = podsByNode(context.informers, set);
  const ranked = inDeletionOrder(pods, { podsOnNode: (node) => counts.get(node) ?? 0, now: context.now() });
  const chosen = ranked.slice(0, count);
  expectations.expectDeletions(
    text,
    chosen.map(({ metadata }) => metadata.uid),
  );
  const results = await Promise.allSettled(
    chosen.map((pod) => deletePod(context, set, { pod, expectations })),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed === undefined) return undefined;
  return { condition: { reason: "FailedDelete", message: messageOf(failed.reason) }, error: failed.reason };
}

async function deletePod(
  { client, events }: ReconcileContext,
  set: Stored<ReplicaSet>,
  { pod, expectations }: { pod: Stored<Pod>; expectations: Expectations },
): Promise<void> {
  try {
    await client.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
    events.event(set, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
  } catch (error) {
    expectations.deletionObserved(formatKey(keyOf(set)), pod.metadata.uid);
    if (isStatus(error, "NotFound")) return;
    events.event(set, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`);
    throw error;
  }
}

/** How many active Pods of the set and its siblings (the other sets of its Deployment) are on each node. */
function podsByNode(informers: InformerFactory, set: Stored<ReplicaSet>): Map<string, number> {
  const owner = controllerOf(set);
  const siblings =
    owner === undefined ? [set] : informers.for(ReplicaSets).lister.byIndex(SIBLINGS, owner.uid);
  const counts = new Map<string, number>();
  for (const sibling of siblings) {
    for (const pod of controlledPods(informers, sibling.metadata.uid)) {
      const node = pod.spec?.nodeName;
      if (node && isPodActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
  }
  return counts;
}

/** Nothing can be created there any more, and all of it will go soon. */
function isNamespaceTerminating(error: unknown): boolean {
  return (
    isStatus(error, "Forbidden") &&
    error.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") === true
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
