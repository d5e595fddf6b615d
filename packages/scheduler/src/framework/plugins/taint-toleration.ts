import { tolerates } from "@jdos/apimachinery";
import type { Plugin } from "../contract.ts";

/** Keeps Pods off nodes whose taints they do not tolerate, and prefers nodes with fewer soft taints. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  weight: 3,
  filter(pod, { node }) {
    const taint = node.spec?.taints?.find(
      (one) => one.effect !== "PreferNoSchedule" && !tolerates(pod.spec?.tolerations, one),
    );
    return taint === undefined
      ? undefined
      : {
          reasons: [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`],
          unresolvable: true,
        };
  },
  score(pod, { node }) {
    const soft = (node.spec?.taints ?? []).filter(
      (one) => one.effect === "PreferNoSchedule" && !tolerates(pod.spec?.tolerations, one),
    );
    return 100 / (1 + soft.length);
  },
};
