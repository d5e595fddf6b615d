import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { NodeInfo } from "../../cache/node-info.ts";
import { podRequests } from "../../cache/pod-resources.ts";
import type { Plugin } from "../contract.ts";

/** Requests must fit into what the node has left; emptier nodes score higher (LeastAllocated). */
export const nodeResourcesFit: Plugin = {
  name: "NodeResourcesFit",
  filter(pod, node) {
    const reasons = insufficient(pod, node);
    return reasons.length === 0 ? undefined : { reasons };
  },
  score(pod, node) {
    const wanted = podRequests(pod);
    const cpu = free(node.requested.cpuMillis + wanted.cpuMillis, node.allocatable.cpuMillis);
    const memory = free(node.requested.memoryBytes + wanted.memoryBytes, node.allocatable.memoryBytes);
    return (cpu + memory) / 2;
  },
};

function free(used: number, total: number): number {
  return total <= 0 || used > total ? 0 : ((total - used) * 100) / total;
}

function insufficient(pod: Stored<Pod>, { allocatable, requested, pods, maxPods }: NodeInfo): string[] {
  const wanted = podRequests(pod);
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
