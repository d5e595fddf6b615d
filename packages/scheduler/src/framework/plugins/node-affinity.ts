import { matchesNode, matchesNodeTerm } from "@jdos/apimachinery";
import type { Plugin } from "../contract.ts";

/** nodeSelector and node affinity. Source: kubernetes.io, Assigning Pods to Nodes. */
export const nodeAffinity: Plugin = {
  name: "NodeAffinity",
  concerns: ({ spec }) => spec?.nodeSelector !== undefined || spec?.affinity?.nodeAffinity !== undefined,
  weight: 2,
  filter(pod, { node }) {
    return matchesNode(pod.spec ?? {}, node)
      ? undefined
      : { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true };
  },
  score(pod, { node }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const total = preferred.reduce((sum, { weight }) => sum + weight, 0);
    if (total === 0) return 0;
    const met = preferred.reduce(
      (sum, one) => sum + (matchesNodeTerm(one.preference, node) ? one.weight : 0),
      0,
    );
    return (met * 100) / total;
  },
};
