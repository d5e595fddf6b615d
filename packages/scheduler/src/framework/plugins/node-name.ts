import type { Plugin } from "../contract.ts";

/** A Pod that names its node goes there or nowhere. */
export const nodeName: Plugin = {
  name: "NodeName",
  filter(pod, { node }) {
    const wanted = pod.spec?.nodeName;
    return wanted === undefined || wanted === "" || wanted === node.metadata.name
      ? undefined
      : { reasons: ["node(s) didn't match the requested node name"], unresolvable: true };
  },
};
