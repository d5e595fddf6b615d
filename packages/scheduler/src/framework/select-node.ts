import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { NodeInfo } from "../cache/node-info.ts";
import type { Plugin, Rejection } from "./contract.ts";

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

/** One Pod's way through the plugins, with what each of them has prepared. */
interface Round {
  readonly pod: Stored<Pod>;
  readonly prepared: readonly unknown[];
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

  select(pod: Stored<Pod>, nodes: readonly NodeInfo[]): Selection {
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
    const round: Round = { pod, prepared: this.#prepare(pod, nodes) };
    const candidates = this.#candidates(round, nodes, misfit);
    return candidates.length === 0 ? misfit : { node: this.#best(round, candidates) };
  }

  /** Whether the node, in thought perhaps, takes the Pod; `nodes` are all there are. */
  fits(pod: Stored<Pod>, node: NodeInfo, nodes: readonly NodeInfo[]): boolean {
    const { name } = node.node.metadata;
    const world = nodes.map((each) => (each.node.metadata.name === name ? node : each));
    return this.#reject({ pod, prepared: this.#prepare(pod, world) }, node) === undefined;
  }

  #prepare(pod: Stored<Pod>, nodes: readonly NodeInfo[]): readonly unknown[] {
    return this.#plugins.map((plugin) => plugin.prepare?.(pod, nodes));
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
      const rejection = this.#reject(round, node);
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

  #reject({ pod, prepared }: Round, node: NodeInfo): Rejection | undefined {
    const promised = node.withNominated(pod);
    for (let index = 0; index < this.#plugins.length; index++) {
      const rejection = this.#plugins[index]!.filter?.(pod, promised, prepared[index]);
      if (rejection !== undefined) return rejection;
    }
    return undefined;
  }

  #best(round: Round, candidates: readonly NodeInfo[]): NodeInfo {
    let best = candidates[0]!;
    if (candidates.length === 1) return best;
    let bestScore = -1;
    let ties = 1;
    for (const node of candidates) {
      const score = this.#score(round, node);
      if (score > bestScore) {
        best = node;
        bestScore = score;
        ties = 1;
      } else if (score === bestScore && this.#random() < 1 / ++ties) {
        best = node;
      }
    }
    return best;
  }

  #score({ pod, prepared }: Round, node: NodeInfo): number {
    let total = 0;
    for (let index = 0; index < this.#plugins.length; index++) {
      const { score, weight = 1 } = this.#plugins[index]!;
      if (score !== undefined) total += weight * score(pod, node, prepared[index]);
    }
    return total;
  }
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
