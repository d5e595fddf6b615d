import { hostPortsOf } from "../../cache/node-info.ts";
import type { Plugin } from "../contract.ts";

/** A host port serves one Pod a node. */
export const nodePorts: Plugin = {
  name: "NodePorts",
  concerns: (pod) => hostPortsOf(pod).length > 0,
  filter(pod, node) {
    return hostPortsOf(pod).some((port) => node.hasPortConflict(port))
      ? { reasons: ["node(s) didn't have free ports for the requested pod ports"] }
      : undefined;
  },
};
