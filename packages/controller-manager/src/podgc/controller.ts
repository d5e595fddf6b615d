import { type Node, Nodes, type Pod, Pods } from "@jdos/api";
import { formatKey, formatTime, isStatus, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { isPodTerminal } from "../pod/pod-state.ts";

const BY_NODE = "node";
/** A node may come back under its name: its Pods are given this long. */
const QUARANTINE_SECONDS = 40;

/**
 * Ends Pods that nobody else will: those of a node that no longer exists, and those that were deleted before they
 * had a node.
 */
export function podGarbageCollector(): ControllerOptions {
  const missingSince = new Map<string, number>();
  return {
    name: "podgc",
    eventSource: "pod-garbage-collector",
    for: Pods,
    watches: [{ type: Nodes, keys: podsOfMissingNode }],
    setup: ({ informers }) => {
      informers.for(Pods).addIndex(BY_NODE, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    },
    reconcile: (context, key) => reconcile(context, key, missingSince),
  };
}

function podsOfMissingNode(node: Stored<Node>, informers: InformerFactory): ObjectKey[] {
  if (informers.for(Nodes).lister.get(keyOf(node)) !== undefined) return [];
  return informers.for(Pods).lister.byIndex(BY_NODE, node.metadata.name).map(keyOf);
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  missingSince: Map<string, number>,
): Promise<Result | undefined> {
  const { informers, now } = context;
  const text = formatKey(key);
  const pod = informers.for(Pods).lister.get(key);
  const node = pod?.spec?.nodeName;
  if (pod !== undefined && !node && pod.metadata.deletionTimestamp !== undefined) {
    await end(context, pod);
    return undefined;
  }
  if (!node || informers.for(Nodes).lister.get({ name: node }) !== undefined) {
    missingSince.delete(text);
    return undefined;
  }
  const since = missingSince.get(text) ?? now().getTime();
  missingSince.set(text, since);
  const left = since + QUARANTINE_SECONDS * 1000 - now().getTime();
  if (left > 0) return { requeueAfterSeconds: left / 1000 };
  if (await nodeIsGone(context, node)) await end(context, pod!);
  missingSince.delete(text);
  return undefined;
}

/** The informer may be behind: ask before a Pod is ended for good. */
async function nodeIsGone({ client }: ReconcileContext, name: string): Promise<boolean> {
  try {
    await client.get(Nodes, { name });
    return false;
  } catch (error) {
    if (isStatus(error, "NotFound")) return true;
    throw error;
  }
}

async function end({ client, now }: ReconcileContext, pod: Stored<Pod>): Promise<void> {
  try {
    if (pod.spec?.nodeName && !isPodTerminal(pod)) await markFailed({ client, now }, pod);
    await client.delete(Pods, keyOf(pod), {
      gracePeriodSeconds: 0,
      preconditions: { uid: pod.metadata.uid },
    });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

async function markFailed(
  { client, now }: Pick<ReconcileContext, "client" | "now">,
  pod: Stored<Pod>,
): Promise<void> {
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByPodGC",
    message: "PodGC: node no longer exists",
    lastTransitionTime: formatTime(now()),
  };
  const body = { metadata: { uid: pod.metadata.uid }, status: { phase: "Failed", conditions: [condition] } };
  await client.patch(Pods, keyOf(pod), { type: "strategic", body }, { subresource: "status" });
}
