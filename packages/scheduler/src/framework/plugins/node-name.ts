import type { Plugin } from "../contract.ts";

/** A Pod that names its node goes there or nowhere. */
export const nodeName: Plugin = {
  name: "NodeName",
  concerns: ({ spec }) => (spec?.nodeName ?? "") !== "",
  filter(pod, { node }) {
    return pod.spec?.nodeName === node.metadata.name
      ? undefined
      : { reasons: ["node(s) didn't match the requested node name"], unresolvable: true };
  },
};
