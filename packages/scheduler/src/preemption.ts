import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { ClusterCache } from "./cache/cluster-cache.ts";
import type { NodeInfo } from "./cache/node-info.ts";
import type { Misfit, NodeSelector } from "./framework/select-node.ts";

/** Pods of lower priority whose end makes room on a node. */
export interface Victims {
  readonly nodeName: string;
  readonly pods: readonly Stored<Pod>[];
}

export interface Preemption {
  readonly victims?: Victims;
  /** How it ended, in the words of kubectl describe. */
  readonly outcome: string;
}

export interface PreemptionOptions {
  misfit: Misfit;
  cache: ClusterCache;
  selector: NodeSelector;
}

/** Looks for the node where the Pod can have its place at the least cost to others. */
export function findVictims(pod: Stored<Pod>, { misfit, cache, selector }: PreemptionOptions): Preemption {
  const ineligible = whyIneligible(pod, cache);
  if (ineligible !== undefined) return { outcome: `not eligible due to ${ineligible}.` };
  let best: Victims | undefined;
  let without = 0;
  for (const node of misfit.resolvable) {
    const pods = victimsOn(node, pod, { cache, selector });
    if (pods === undefined) without++;
    else if (best === undefined || costsLess(pods, best.pods))
      best = { nodeName: node.node.metadata.name, pods };
  }
  const parts = [
    ...count(without, "No preemption victims found for incoming pod"),
    ...count(misfit.total - misfit.resolvable.length, "Preemption is not helpful for scheduling"),
  ];
  const outcome = `0/${misfit.total} nodes are available: ${parts.sort().join(", ")}.`;
  return best === undefined ? { outcome } : { victims: best, outcome };
}

function count(nodes: number, reason: string): string[] {
  return nodes === 0 ? [] : [`${nodes} ${reason}`];
}

function whyIneligible(pod: Stored<Pod>, cache: ClusterCache): string | undefined {
  if (pod.spec?.preemptionPolicy === "Never") return "preemptionPolicy=Never";
  const nominated = cache.get(pod.status?.nominatedNodeName ?? "");
  for (const other of nominated?.pods.values() ?? []) {
    const leaving = other.metadata.deletionTimestamp !== undefined;
    if (leaving && priorityOf(other) < priorityOf(pod)) return "a terminating pod on the nominated node";
  }
  return undefined;
}

function priorityOf(pod: Stored<Pod>): number {
  return pod.spec?.priority ?? 0;
}

/** Takes every lower Pod away in thought, then puts back as many as fit, the most important first. */
function victimsOn(
  node: NodeInfo,
  pod: Stored<Pod>,
  { cache, selector }: Omit<PreemptionOptions, "misfit">,
): Stored<Pod>[] | undefined {
  const isLower = (other: Stored<Pod>): boolean => priorityOf(other) < priorityOf(pod);
  const lower = [...node.pods.values()].filter(isLower);
  if (lower.length === 0) return undefined;
  const thought = node.without(isLower);
  if (!selector.fits(pod, thought, cache)) return undefined;
  const victims: Stored<Pod>[] = [];
  for (const other of lower.sort(moreImportantFirst)) {
    thought.addPod(other);
    if (selector.fits(pod, thought, cache)) continue;
    thought.removePod(other);
    victims.push(other);
  }
  return victims;
}

function moreImportantFirst(a: Stored<Pod>, b: Stored<Pod>): number {
  return priorityOf(b) - priorityOf(a) || startOf(a) - startOf(b);
}

function startOf(pod: Stored<Pod>): number {
  return Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp);
}

/** Lower highest priority first, then lower sum, then fewer Pods. */
function costsLess(a: readonly Stored<Pod>[], b: readonly Stored<Pod>[]): boolean {
  const highest = (pods: readonly Stored<Pod>[]): number => Math.max(...pods.map(priorityOf));
  const sum = (pods: readonly Stored<Pod>[]): number =>
    pods.reduce((total, pod) => total + priorityOf(pod), 0);
  return (highest(a) - highest(b) || sum(a) - sum(b) || a.length - b.length) < 0;
}
