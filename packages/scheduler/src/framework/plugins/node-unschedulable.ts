import { tolerates } from "@jdos/apimachinery";
import type { Plugin } from "../contract.ts";

const TAINT = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Cordoned nodes take no Pods, except those that tolerate it. */
export const nodeUnschedulable: Plugin = {
  name: "NodeUnschedulable",
  filter(pod, { unschedulable }) {
    return !unschedulable || tolerates(pod.spec?.tolerations, TAINT)
      ? undefined
      : { reasons: ["node(s) were unschedulable"], unresolvable: true };
  },
};
