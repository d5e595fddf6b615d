import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { ClusterView, Plugin } from "../contract.ts";
import { type AffinityTerm, affinityTerms, preferredTerms, selects } from "./pod-affinity-terms.ts";

/** A term with the values of its topology key where a Pod it selects is. */
interface Placed {
  readonly term: AffinityTerm;
  readonly values: ReadonlySet<string>;
}

interface Prepared {
  readonly near: readonly Placed[];
  /** Nobody whom the terms select is anywhere, and the Pod selects itself: the first of its kind may go anywhere. */
  readonly isFirst: boolean;
  readonly apart: readonly Placed[];
  /** "key=value" of places that Pods there keep for themselves. */
  readonly guarded: ReadonlySet<string>;
  /** Points for each "key=value". */
  readonly wishes: ReadonlyMap<string, number>;
}

/** Pods that want to be near or apart from others. Source: kubernetes.io, Inter-pod affinity and anti-affinity. */
export const interPodAffinity: Plugin = {
  name: "InterPodAffinity",
  weight: 2,
  concerns: ({ spec }, { guarded }) =>
    guarded.size > 0 ||
    spec?.affinity?.podAffinity !== undefined ||
    spec?.affinity?.podAntiAffinity !== undefined,
  prepare,
  filter(_, node, prepared) {
    const { near, isFirst, apart, guarded } = prepared as Prepared;
    for (const { term, values } of near) {
      const value = valueOn(node, term.topologyKey);
      if (value === undefined || (!isFirst && !values.has(value))) {
        return { reasons: ["node(s) didn't match pod affinity rules"], unresolvable: true };
      }
    }
    for (const { term, values } of apart) {
      const value = valueOn(node, term.topologyKey);
      if (value !== undefined && values.has(value))
        return { reasons: ["node(s) didn't match pod anti-affinity rules"] };
    }
    for (const [key, value] of Object.entries(guarded.size === 0 ? {} : (node.node.metadata.labels ?? {}))) {
      if (guarded.has(`${key}=${value}`))
        return { reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"] };
    }
    return undefined;
  },
  score(_, node, prepared) {
    const { wishes } = prepared as Prepared;
    if (wishes.size === 0) return 0;
    let points = 0;
    for (const [key, value] of Object.entries(node.node.metadata.labels ?? {}))
      points += wishes.get(`${key}=${value}`) ?? 0;
    const most = Math.max(...[...wishes.values()].map(Math.abs));
    return 50 + Math.max(-50, Math.min(50, (points * 50) / most));
  },
};

function prepare(pod: Stored<Pod>, { nodes, guarded }: ClusterView): Prepared {
  const near = affinityTerms(pod, "podAffinity").map((term) => ({
    term,
    values: valuesWith(term, pod, nodes),
  }));
  const apart = affinityTerms(pod, "podAntiAffinity").map((term) => ({
    term,
    values: valuesWith(term, pod, nodes),
  }));
  const isFirst = near.every(({ term, values }) => values.size === 0 && selects(term, pod, pod));
  return { near, isFirst, apart, guarded: guardedAgainst(pod, guarded), wishes: wishesOf(pod, nodes) };
}

function valueOn({ node }: NodeInfo, topologyKey: string): string | undefined {
  return node.metadata.labels?.[topologyKey];
}

function valuesWith(term: AffinityTerm, owner: Stored<Pod>, nodes: readonly NodeInfo[]): Set<string> {
  const values = new Set<string>();
  for (const node of nodes) {
    const value = valueOn(node, term.topologyKey);
    if (value === undefined || values.has(value)) continue;
    for (const other of node.pods.values()) {
      if (!selects(term, owner, other)) continue;
      values.add(value);
      break;
    }
  }
  return values;
}

function guardedAgainst(pod: Stored<Pod>, nodes: Iterable<NodeInfo>): Set<string> {
  const guarded = new Set<string>();
  for (const node of nodes) {
    for (const other of node.guarded.values()) {
      for (const term of affinityTerms(other, "podAntiAffinity")) {
        const value = valueOn(node, term.topologyKey);
        if (value !== undefined && selects(term, other, pod)) guarded.add(`${term.topologyKey}=${value}`);
      }
    }
  }
  return guarded;
}

function wishesOf(pod: Stored<Pod>, nodes: readonly NodeInfo[]): Map<string, number> {
  const wishes = new Map<string, number>();
  for (const { term, weight } of preferredTerms(pod)) {
    for (const node of nodes) {
      const value = valueOn(node, term.topologyKey);
      if (value === undefined) continue;
      let count = 0;
      for (const other of node.pods.values()) if (selects(term, pod, other)) count++;
      const place = `${term.topologyKey}=${value}`;
      if (count > 0) wishes.set(place, (wishes.get(place) ?? 0) + weight * count);
    }
  }
  return wishes;
}
