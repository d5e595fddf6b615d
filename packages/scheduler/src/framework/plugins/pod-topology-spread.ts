import type { Pod } from "@jdos/api";
import {
  type DeepReadonly,
  type LabelSelector,
  matchesNode,
  matchesSelector,
  tolerates,
} from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { Plugin } from "../contract.ts";

interface Constraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: string;
  readonly labelSelector?: DeepReadonly<LabelSelector>;
  readonly minDomains?: number;
  readonly matchLabelKeys?: readonly string[];
  readonly nodeAffinityPolicy?: string;
  readonly nodeTaintsPolicy?: string;
}

interface Counted {
  readonly constraint: Constraint;
  /** How many matching Pods each value of the topology key has. */
  readonly counts: ReadonlyMap<string, number>;
  readonly fewest: number;
  readonly most: number;
  /** 1 when the Pod itself counts. */
  readonly own: number;
}

interface Prepared {
  readonly required: readonly Counted[];
  readonly wished: readonly Counted[];
}

/** Pods spread evenly over places. Source: kubernetes.io, Pod Topology Spread Constraints. */
export const podTopologySpread: Plugin = {
  name: "PodTopologySpread",
  weight: 2,
  concerns: ({ spec }) => (spec?.topologySpreadConstraints ?? []).length > 0,
  prepare(pod, { nodes }): Prepared {
    const constraints = (pod.spec?.topologySpreadConstraints ?? []) as readonly Constraint[];
    const counted = constraints.map((constraint) => count(constraint, pod, nodes));
    return {
      required: counted.filter(({ constraint }) => constraint.whenUnsatisfiable === "DoNotSchedule"),
      wished: counted.filter(({ constraint }) => constraint.whenUnsatisfiable !== "DoNotSchedule"),
    };
  },
  filter(_, { node }, prepared) {
    for (const { constraint, counts, fewest, own } of (prepared as Prepared).required) {
      const value = node.metadata.labels?.[constraint.topologyKey];
      if (value === undefined) {
        const reasons = ["node(s) didn't match pod topology spread constraints (missing required label)"];
        return { reasons, unresolvable: true };
      }
      if ((counts.get(value) ?? 0) + own - fewest > constraint.maxSkew) {
        return { reasons: ["node(s) didn't match pod topology spread constraints"] };
      }
    }
    return undefined;
  },
  score(_, { node }, prepared) {
    const { wished } = prepared as Prepared;
    if (wished.length === 0) return 0;
    const points = wished.map(({ constraint, counts, fewest, most }) => {
      const value = node.metadata.labels?.[constraint.topologyKey];
      if (value === undefined) return 0;
      return most === fewest ? 100 : (100 * (most - (counts.get(value) ?? 0))) / (most - fewest);
    });
    return points.reduce((sum, each) => sum + each, 0) / points.length;
  },
};

function count(constraint: Constraint, pod: Stored<Pod>, nodes: readonly NodeInfo[]): Counted {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const value = node.node.metadata.labels?.[constraint.topologyKey];
    if (value === undefined || !isEligible(constraint, pod, node)) continue;
    let matching = 0;
    for (const other of node.pods.values()) if (matches(constraint, pod, other)) matching++;
    counts.set(value, (counts.get(value) ?? 0) + matching);
  }
  const values = [...counts.values()];
  const tooFew = counts.size < (constraint.minDomains ?? 1);
  return {
    constraint,
    counts,
    fewest: tooFew || values.length === 0 ? 0 : Math.min(...values),
    most: Math.max(0, ...values),
    own: matches(constraint, pod, pod) ? 1 : 0,
  };
}

/** Whether the node counts: by default those the Pod's own selectors allow, whatever their taints. */
function isEligible(
  { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" }: Constraint,
  { spec }: Stored<Pod>,
  { node }: NodeInfo,
): boolean {
  if (nodeAffinityPolicy === "Honor" && !matchesNode(spec ?? {}, node)) return false;
  if (nodeTaintsPolicy !== "Honor") return true;
  return (node.spec?.taints ?? []).every(
    (taint) => taint.effect === "PreferNoSchedule" || tolerates(spec?.tolerations, taint),
  );
}

function matches(
  { labelSelector, matchLabelKeys = [] }: Constraint,
  pod: Stored<Pod>,
  other: Stored<Pod>,
): boolean {
  if (other.metadata.namespace !== pod.metadata.namespace || other.metadata.deletionTimestamp !== undefined)
    return false;
  if (!matchesSelector(labelSelector, other.metadata.labels)) return false;
  return matchLabelKeys.every((key) => {
    const wanted = pod.metadata.labels?.[key];
    return wanted === undefined || other.metadata.labels?.[key] === wanted;
  });
}
