import type { Node, Pod } from "@jdos/api";
import { Nodes, Pods } from "@jdos/api";
import { deepEqual, formatKey, keyOf } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import type { ClusterCache } from "./cache/cluster-cache.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

interface Followed {
  cache: ClusterCache;
  queue: SchedulingQueue;
  schedulerName: string;
}

/** Keeps cache and queue as the API server says the world is. */
export function followCluster(informers: InformerFactory, followed: Followed): void {
  const { cache, queue } = followed;
  informers.for(Nodes).addHandlers({
    added(node) {
      cache.setNode(node);
      queue.wake();
    },
    updated(node, old) {
      cache.setNode(node);
      if (mayHelp(node, old)) queue.wake();
    },
    deleted: (node) => cache.removeNode(node.metadata.name),
  });
  informers.for(Pods).addHandlers({
    added: (pod) => seePod(pod, undefined, followed),
    updated: (pod, old) => seePod(pod, old, followed),
    deleted(pod) {
      queue.remove(formatKey(keyOf(pod)));
      cache.withdraw(formatKey(keyOf(pod)));
      leave(pod, followed);
    },
  });
}

/** A change of a node after which Pods may fit that did not before. */
function mayHelp(node: Stored<Node>, old: Stored<Node>): boolean {
  return !(
    deepEqual(node.spec, old.spec) &&
    deepEqual(node.status?.allocatable, old.status?.allocatable) &&
    deepEqual(node.metadata.labels, old.metadata.labels)
  );
}

function seePod(pod: Stored<Pod>, old: Stored<Pod> | undefined, followed: Followed): void {
  const { cache, queue } = followed;
  const key = formatKey(keyOf(pod));
  const nodeName = pod.spec?.nodeName ?? "";
  if (isFinished(pod)) {
    queue.remove(key);
    leave(pod, followed);
  } else if (nodeName !== "") {
    queue.remove(key);
    cache.place(pod, nodeName);
  } else if (isOurs(pod, followed) && !cache.isPlaced(key)) {
    const nominated = pod.status?.nominatedNodeName;
    if (nominated !== undefined && nominated !== "") cache.nominate(pod, nominated);
    if (old === undefined || !deepEqual(old.spec, pod.spec) || !queue.refresh(pod)) queue.add(pod);
  } else if (pod.metadata.deletionTimestamp !== undefined) {
    queue.remove(key);
    cache.withdraw(key);
  }
}

/** Room was made on a node. */
function leave(pod: Stored<Pod>, { cache, queue }: Followed): void {
  if (!cache.isPlaced(formatKey(keyOf(pod)))) return;
  cache.remove(pod);
  queue.wake();
}

function isFinished(pod: Stored<Pod>): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

function isOurs(pod: Stored<Pod>, { schedulerName }: Followed): boolean {
  return (
    (pod.spec?.schedulerName ?? "default-scheduler") === schedulerName &&
    pod.metadata.deletionTimestamp === undefined &&
    (pod.spec?.schedulingGates ?? []).length === 0
  );
}
