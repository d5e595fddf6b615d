import { podRequests, type Resources } from "../../cache/pod-resources.ts";
import type { Plugin } from "../contract.ts";

/** Prefers nodes whose CPU and memory would be used in like proportion. */
export const balancedAllocation: Plugin = {
  name: "NodeResourcesBalancedAllocation",
  prepare: podRequests,
  score(_, { allocatable, requested }, prepared) {
    const wanted = prepared as Resources;
    const cpu = share(requested.cpuMillis + wanted.cpuMillis, allocatable.cpuMillis);
    const memory = share(requested.memoryBytes + wanted.memoryBytes, allocatable.memoryBytes);
    return 100 - (Math.abs(cpu - memory) / 2) * 100;
  },
};

function share(used: number, total: number): number {
  return total <= 0 ? 1 : Math.min(1, used / total);
}
