import type { NodeInfo } from "../../cache/node-info.ts";
import { podRequests, type Resources } from "../../cache/pod-resources.ts";
import type { Plugin } from "../contract.ts";

/** Requests must fit into what the node has left; emptier nodes score higher (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: "NodeResourcesFit",
  prepare: podRequests,
  filter(_, node, prepared) {
    const wanted = prepared as Resources;
    return fits(wanted, node) ? undefined : { reasons: insufficient(wanted, node) };
  },
  score(_, node, prepared) {
    const wanted = prepared as Resources;
    const cpu = free(node.requested.cpuMillis + wanted.cpuMillis, node.allocatable.cpuMillis);
    const memory = free(node.requested.memoryBytes + wanted.memoryBytes, node.allocatable.memoryBytes);
    return (cpu + memory) / 2;
  },
};

function free(used: number, total: number): number {
  return total <= 0 || used > total ? 0 : ((total - used) * 100) / total;
}

/** Asked of every node for every Pod, so it makes nothing; what is asked for and is nothing always fits. */
function fits(wanted: Resources, { allocatable, requested, pods, maxPods }: NodeInfo): boolean {
  if (pods.size >= maxPods) return false;
  const { cpuMillis, memoryBytes, ephemeralBytes, extended } = wanted;
  if (cpuMillis > 0 && cpuMillis > allocatable.cpuMillis - requested.cpuMillis) return false;
  if (memoryBytes > 0 && memoryBytes > allocatable.memoryBytes - requested.memoryBytes) return false;
  if (ephemeralBytes > 0 && ephemeralBytes > allocatable.ephemeralBytes - requested.ephemeralBytes)
    return false;
  for (const name in extended) {
    const count = extended[name]!;
    if (count > 0 && count > (allocatable.extended[name] ?? 0) - (requested.extended[name] ?? 0))
      return false;
  }
  return true;
}

function insufficient(wanted: Resources, { allocatable, requested, pods, maxPods }: NodeInfo): string[] {
  const reasons: string[] = [];
  if (pods.size + 1 > maxPods) reasons.push("Too many pods");
  if (wanted.cpuMillis > 0 && wanted.cpuMillis > allocatable.cpuMillis - requested.cpuMillis)
    reasons.push("Insufficient cpu");
  if (wanted.memoryBytes > 0 && wanted.memoryBytes > allocatable.memoryBytes - requested.memoryBytes) {
    reasons.push("Insufficient memory");
  }
  if (
    wanted.ephemeralBytes > 0 &&
    wanted.ephemeralBytes > allocatable.ephemeralBytes - requested.ephemeralBytes
  ) {
    reasons.push("Insufficient ephemeral-storage");
  }
  for (const [name, count] of Object.entries(wanted.extended)) {
    const left = (allocatable.extended[name] ?? 0) - (requested.extended[name] ?? 0);
    if (count > 0 && count > left) reasons.push(`Insufficient ${name}`);
  }
  return reasons;
}
