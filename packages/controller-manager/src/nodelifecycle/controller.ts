import { type Lease, Leases, type Node, Nodes } from "@jdos/api";
import { findCondition, formatTime, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { taintsOf } from "./taints.ts";

const LEASE_NAMESPACE = "kube-node-lease";
const CONDITIONS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export interface NodeLifecycleOptions {
  clock: Clock;
  /** A node whose lease was not renewed for this long is unreachable. */
  nodeGraceSeconds: number;
}

/** When each lease was last seen to change, by our own clock: a node's clock is not trusted, nor our own absence. */
type Heartbeats = Map<string, { renewTime: string; atMillis: number }>;

/** Marks nodes that stopped reporting, and taints nodes by their conditions, so that nothing is placed there. */
export function nodeLifecycleController({
  clock,
  nodeGraceSeconds,
}: NodeLifecycleOptions): ControllerOptions {
  const heartbeats: Heartbeats = new Map();
  const informer = { namespace: LEASE_NAMESPACE };
  return {
    name: "nodelifecycle",
    eventSource: "node-controller",
    for: Nodes,
    watches: [
      {
        type: Leases,
        informer,
        keys: (lease: Stored<Lease>) => [{ namespace: "", name: lease.metadata.name }],
      },
    ],
    reconcile: async (context, key) => {
      const node = context.informers.for(Nodes).lister.get(key);
      if (node === undefined) {
        heartbeats.delete(key.name);
        return undefined;
      }
      const lease = context.informers
        .for(Leases, informer)
        .lister.get({ namespace: LEASE_NAMESPACE, name: key.name });
      const silentSeconds = silence(heartbeats, key, {
        renewTime: lease?.spec?.renewTime ?? "",
        nowMillis: clock.monotonicMillis(),
      });
      const current = silentSeconds > nodeGraceSeconds ? await markUnknown(context, node) : node;
      await applyTaints(context, current);
      return lookAgain(nodeGraceSeconds - silentSeconds);
    },
  };
}

function lookAgain(leftSeconds: number): Result | undefined {
  return leftSeconds >= 0 ? { requeueAfterSeconds: leftSeconds + 1 } : undefined;
}

function silence(
  heartbeats: Heartbeats,
  key: ObjectKey,
  { renewTime, nowMillis }: { renewTime: string; nowMillis: number },
): number {
  const last = heartbeats.get(key.name);
  if (last?.renewTime === renewTime) return (nowMillis - last.atMillis) / 1000;
  heartbeats.set(key.name, { renewTime, atMillis: nowMillis });
  return 0;
}

async function markUnknown(
  { client, events, now }: ReconcileContext,
  node: Stored<Node>,
): Promise<Stored<Node>> {
  const known = CONDITIONS.map((type) => findCondition(node.status?.conditions, type)).filter(
    (each) => each !== undefined,
  );
  const stale = known.filter(({ status }) => status !== "Unknown");
  if (stale.length === 0) return node;
  const lastTransitionTime = formatTime(now());
  const conditions = stale.map(({ type }) => ({
    type,
    status: "Unknown",
    reason: "NodeStatusUnknown",
    message: "Kubelet stopped posting node status.",
    lastTransitionTime,
  }));
  events.event(node, "Normal", "NodeNotReady", `Node ${node.metadata.name} status is now: NodeNotReady`);
  return client.patch(
    Nodes,
    keyOf(node),
    { type: "strategic", body: { status: { conditions } } },
    { subresource: "status" },
  );
}

async function applyTaints({ client }: ReconcileContext, node: Stored<Node>): Promise<void> {
  const taints = taintsOf(node);
  if (taints === node.spec?.taints || taints.length + (node.spec?.taints?.length ?? 0) === 0) return;
  const { uid, resourceVersion } = node.metadata;
  await client.patch(Nodes, keyOf(node), {
    type: "merge",
    body: { metadata: { uid, resourceVersion }, spec: { taints } },
  });
}
