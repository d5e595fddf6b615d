import type { Pod } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { isPodReady } from "../pod/pod-state.ts";

export interface RankingOptions {
  /** How many related Pods share each node: of two on one node, one goes first. */
  podsOnNode(node: string): number;
  now: Date;
}

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The Pods in the order in which a scale-down takes them: those of least use first.
 * Source: kubernetes.io, ReplicaSet, Scaling a ReplicaSet.
 */
export function inDeletionOrder(pods: readonly Stored<Pod>[], options: RankingOptions): Stored<Pod>[] {
  const keys = new Map(pods.map((pod) => [pod, rankOf(pod, options)]));
  return [...pods].sort((a, b) => compare(keys.get(a)!, keys.get(b)!));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index++) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Compared number by number; the smaller goes first. */
function rankOf(pod: Stored<Pod>, { podsOnNode, now }: RankingOptions): number[] {
  const node = pod.spec?.nodeName;
  const ready = isPodReady(pod);
  const readySince = findCondition(pod.status?.conditions, "Ready")?.lastTransitionTime;
  return [
    node ? 1 : 0,
    PHASE_RANK[pod.status?.phase ?? "Pending"] ?? 1,
    ready ? 1 : 0,
    deletionCost(pod),
    node ? -podsOnNode(node) : 0,
    ready && readySince !== undefined ? ageBucket(readySince, now) : 0,
    -maxRestarts(pod),
    ageBucket(pod.metadata.creationTimestamp, now),
  ];
}

function deletionCost(pod: Stored<Pod>): number {
  const cost = Number(pod.metadata.annotations?.[DELETION_COST] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

function maxRestarts(pod: Stored<Pod>): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

/** Ages within a factor of two count as equal, so that chance spreads the choice. */
function ageBucket(since: string, now: Date): number {
  const seconds = Math.max(0, (now.getTime() - Date.parse(since)) / 1000);
  return seconds < 1 ? 0 : Math.floor(Math.log2(seconds)) + 1;
}
