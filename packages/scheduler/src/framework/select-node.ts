import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { NodeInfo } from "../cache/node-info.ts";
import type { ClusterView, Plugin, Rejection } from "./contract.ts";

/** Where a Pod can go: a node, or for each reason how many nodes gave it. */
export type Selection = { readonly node: NodeInfo } | Misfit;

/** Why no node takes a Pod. */
export interface Misfit {
  readonly node?: undefined;
  readonly total: number;
  /** How many nodes gave each reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Nodes that would perhaps take it if other Pods left. */
  readonly resolvable: readonly NodeInfo[];
}

/** One Pod's way through the plugins that concern it, each with what it has prepared. */
interface Round {
  readonly pod: Stored<Pod>;
  readonly filters: readonly { filter: NonNullable<Plugin["filter"]>; prepared: unknown }[];
  readonly scores: readonly { score: NonNullable<Plugin["score"]>; weight: number; prepared: unknown }[];
}

/** Nodes that are scored before the best is taken: all up to this many, then a share of the cluster. */
const MIN_CANDIDATES = 100;

/** Filters and scores the nodes, beginning where the last call ended so that all nodes get their turn. */
export class NodeSelector {
  readonly #plugins: readonly Plugin[];
  readonly #random: () => number;
  #start = 0;

  constructor(plugins: readonly Plugin[], random: () => number = Math.random) {
    this.#plugins = plugins;
    this.#random = random;
  }

  select(pod: Stored<Pod>, cluster: ClusterView): Selection {
    const { nodes } = cluster;
    for (const plugin of this.#plugins) {
      const rejection = plugin.preFilter?.(pod);
      if (rejection !== undefined) {
        return {
          total: nodes.length,
          reasons: new Map(rejection.reasons.map((reason) => [reason, nodes.length])),
          resolvable: [],
        };
      }
    }
    const misfit = { total: nodes.length, reasons: new Map<string, number>(), resolvable: [] as NodeInfo[] };
    const round = this.#begin(pod, cluster);
    const candidates = this.#candidates(round, nodes, misfit);
    return candidates.length === 0 ? misfit : { node: this.#best(round, candidates) };
  }

  /** Whether the node, in thought perhaps, takes the Pod in the cluster. */
  fits(pod: Stored<Pod>, node: NodeInfo, cluster: ClusterView): boolean {
    return reject(this.#begin(pod, withNode(cluster, node)), node) === undefined;
  }

  #begin(pod: Stored<Pod>, cluster: ClusterView): Round {
    const filters: Round["filters"][number][] = [];
    const scores: Round["scores"][number][] = [];
    for (const plugin of this.#plugins) {
      if (plugin.concerns?.(pod, cluster) === false) continue;
      const prepared = plugin.prepare?.(pod, cluster);
      const { filter, score, weight = 1 } = plugin;
      if (filter !== undefined) filters.push({ filter, prepared });
      if (score !== undefined) scores.push({ score, weight, prepared });
    }
    return { pod, filters, scores };
  }

  #candidates(
    round: Round,
    nodes: readonly NodeInfo[],
    { reasons, resolvable }: { reasons: Map<string, number>; resolvable: NodeInfo[] },
  ): NodeInfo[] {
    const wanted = candidateCount(nodes.length);
    const found: NodeInfo[] = [];
    let looked = 0;
    for (; looked < nodes.length && found.length < wanted; looked++) {
      const node = nodes[(this.#start + looked) % nodes.length]!;
      const rejection = reject(round, node);
      if (rejection === undefined) {
        found.push(node);
        continue;
      }
      for (const reason of rejection.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (rejection.unresolvable !== true) resolvable.push(node);
    }
    if (nodes.length > 0) this.#start = (this.#start + looked) % nodes.length;
    return found;
  }

  #best(round: Round, candidates: readonly NodeInfo[]): NodeInfo {
    let best = candidates[0]!;
    if (candidates.length === 1) return best;
    let bestScore = -1;
    let ties = 1;
    for (const node of candidates) {
      const points = scoreOf(round, node);
      if (points > bestScore) {
        best = node;
        bestScore = points;
        ties = 1;
      } else if (points === bestScore && this.#random() < 1 / ++ties) {
        best = node;
      }
    }
    return best;
  }
}

/** The cluster with the node in place of the one of its name; the list is made for those who ask for it. */
function withNode(cluster: ClusterView, node: NodeInfo): ClusterView {
  const { name } = node.node.metadata;
  const others = [...cluster.guarded].filter((each) => each.node.metadata.name !== name);
  let nodes: readonly NodeInfo[] | undefined;
  return {
    get nodes() {
      nodes ??= cluster.nodes.map((each) => (each.node.metadata.name === name ? node : each));
      return nodes;
    },
    guarded: new Set(node.guarded.size > 0 ? [...others, node] : others),
  };
}

function reject({ pod, filters }: Round, node: NodeInfo): Rejection | undefined {
  const promised = node.withNominated(pod);
  for (const { filter, prepared } of filters) {
    const rejection = filter(pod, promised, prepared);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}

function scoreOf({ pod, scores }: Round, node: NodeInfo): number {
  let total = 0;
  for (const { score, weight, prepared } of scores) total += weight * score(pod, node, prepared);
  return total;
}

/** In large clusters a share of the nodes is enough: 50 % less one point for each 125 nodes, at least 5 %. */
function candidateCount(nodes: number): number {
  if (nodes <= MIN_CANDIDATES) return nodes;
  const percent = Math.max(5, 50 - Math.floor(nodes / 125));
  return Math.max(MIN_CANDIDATES, Math.floor((nodes * percent) / 100));
}

/** "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable." */
export function describeRejection(total: number, reasons: ReadonlyMap<string, number>): string {
  if (total === 0) return "no nodes available to schedule pods";
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${total} nodes are available: ${parts.join(", ")}.`;
}
