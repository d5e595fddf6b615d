import { tolerates } from "@jdos/apimachinery";
import type { Plugin } from "../contract.ts";

/** Keeps Pods off nodes whose taints they do not tolerate, and prefers nodes with fewer soft taints. */
export const taintToleration: Plugin = {
  name: "TaintToleration",
  weight: 3,
  filter({ spec }, { hardTaints }) {
    for (const taint of hardTaints) {
      if (tolerates(spec?.tolerations, taint)) continue;
      const reasons = [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
      return { reasons, unresolvable: true };
    }
    return undefined;
  },
  score({ spec }, { softTaints }) {
    if (softTaints.length === 0) return 100;
    return 100 / (1 + softTaints.filter((taint) => !tolerates(spec?.tolerations, taint)).length);
  },
};
