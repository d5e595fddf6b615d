import { bytes, cpuMillis } from "@jdos/apimachinery";
import type { LinuxResources } from "../cri/types.ts";
import { type ContainerSpec, type PodObject, qosClassOf, specOf } from "../pod/pod.ts";

export const CPU_PERIOD_MICROS = 100_000;
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const MIN_QUOTA_MICROS = 1000;

/** A container's resources as cgroup values. */
export function containerResources(
  pod: PodObject,
  container: ContainerSpec,
  nodeMemoryBytes: number,
): LinuxResources {
  const { requests, limits } = container.resources ?? {};
  const limitMillis = cpuMillis(limits?.cpu);
  const requestMillis = requests?.cpu === undefined ? limitMillis : cpuMillis(requests.cpu);
  const memory = bytes(limits?.memory);
  return {
    cpuShares: cpuShares(requestMillis),
    ...(limitMillis > 0 ? { cpuPeriod: CPU_PERIOD_MICROS, cpuQuota: cpuQuota(limitMillis) } : {}),
    ...(memory > 0 ? { memoryLimitInBytes: memory } : {}),
    oomScoreAdj: oomScoreAdj(pod, container, nodeMemoryBytes),
  };
}

export function cpuShares(millis: number): number {
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((millis * 1024) / 1000)));
}

export function cpuQuota(millis: number): number {
  return Math.max(MIN_QUOTA_MICROS, Math.floor((millis * CPU_PERIOD_MICROS) / 1000));
}

/**
 * cgroup v2's weight (1 to 10000) for v1's shares (2 to 262144), by the curve of runc 1.3.2: its ends are the same, 1024
 * shares are the default weight of 100, and small requests still differ.
 */
export function cpuWeight(shares: number): number {
  const exponent = Math.log2(Math.min(262_144, Math.max(2, shares)));
  return Math.ceil(10 ** ((exponent ** 2 + 125 * exponent) / 612 - 7 / 34));
}

/** Who dies first when the node is out of memory. Source: kubernetes.io, Node-pressure Eviction. */
export function oomScoreAdj(pod: PodObject, container: ContainerSpec, nodeMemoryBytes: number): number {
  if ((specOf(pod).priority ?? 0) >= 2_000_000_000) return -997;
  const qos = qosClassOf(pod);
  if (qos === "Guaranteed") return -997;
  if (qos === "BestEffort") return 1000;
  const request = bytes(container.resources?.requests?.memory);
  const score = 1000 - Math.floor((1000 * request) / Math.max(1, nodeMemoryBytes));
  return Math.min(999, Math.max(3, score));
}
