import { matchesRequirements, type Requirement } from "@jdos/apimachinery";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { Plugin } from "../contract.ts";

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Term {
  readonly matchExpressions?: readonly Expression[];
  readonly matchFields?: readonly Expression[];
}

/** nodeSelector and node affinity. Source: kubernetes.io, Assigning Pods to Nodes. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  weight: 2,
  filter(pod, node) {
    const selector = Object.entries(pod.spec?.nodeSelector ?? {});
    const labels = node.node.metadata.labels ?? {};
    const terms =
      pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    const fits =
      selector.every(([key, value]) => labels[key] === value) &&
      (terms === undefined || terms.some((term) => matchesTerm(term, node)));
    return fits
      ? undefined
      : { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true };
  },
  score(pod, node) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const total = preferred.reduce((sum, { weight }) => sum + weight, 0);
    if (total === 0) return 0;
    const met = preferred.reduce((sum, one) => sum + (matchesTerm(one.preference, node) ? one.weight : 0), 0);
    return (met * 100) / total;
  },
};

/** A term without expressions matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: Term, { node }: NodeInfo): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchesRequirements(matchExpressions.map(requirement), node.metadata.labels) &&
    matchesRequirements(matchFields.map(requirement), { "metadata.name": node.metadata.name })
  );
}

function requirement({ key, operator, values = [] }: Expression): Requirement {
  return { key, operator: operator as Requirement["operator"], values };
}
