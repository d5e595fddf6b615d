import { cgroupProcess } from "@jdos/component-base";
import { podCgroup } from "../cgroup/pod-cgroup.ts";
import type { CriClient } from "../cri/cri-client.ts";
import { isHostNetwork, type PodObject } from "../pod/pod.ts";
import {
  CPU,
  containerMetrics,
  DISK_USAGE,
  MEMORY_USAGE,
  RESIDENT,
  WORKING_SET,
} from "./container-metrics.ts";
import { exposition, type Sample } from "./exposition.ts";
import { type InterfaceCounts, networkCounts } from "./network-counts.ts";

export interface CadvisorOptions {
  cri: CriClient;
  cgroupParent: string;
  pods(): readonly PodObject[];
}

const NETWORK: readonly (readonly [keyof Omit<InterfaceCounts, "interface">, string, string])[] = [
  ["receivedBytes", "receive_bytes", "Bytes received"],
  ["receivedPackets", "receive_packets", "Packets received"],
  ["receiveErrors", "receive_errors", "Errors while receiving"],
  ["receiveDropped", "receive_packets_dropped", "Packets dropped while receiving"],
  ["sentBytes", "transmit_bytes", "Bytes sent"],
  ["sentPackets", "transmit_packets", "Packets sent"],
  ["sendErrors", "transmit_errors", "Errors while sending"],
  ["sendDropped", "transmit_packets_dropped", "Packets dropped while sending"],
];

/**
 * /metrics/cadvisor: what containers use, and what goes through the network of Pods that have one of their own, under
 * the names and labels of cAdvisor. Source: cAdvisor, "Monitoring cAdvisor with Prometheus".
 */
export async function cadvisorMetrics(options: CadvisorOptions): Promise<string> {
  const containers = await containerMetrics(options.cri, [
    CPU,
    WORKING_SET,
    MEMORY_USAGE,
    RESIDENT,
    DISK_USAGE,
  ]);
  return `${containers}${await networkMetrics(options)}`;
}

async function networkMetrics({ pods, cgroupParent }: CadvisorOptions): Promise<string> {
  const own = pods().filter((pod) => !isHostNetwork(pod));
  const counted = await Promise.all(
    own.map(async (pod) => {
      const pid = cgroupProcess(podCgroup(cgroupParent, pod));
      return { pod, interfaces: pid === undefined ? [] : await networkCounts(pid) };
    }),
  );
  return NETWORK.map(([field, name, help]) => {
    const samples = counted.flatMap(({ pod: { metadata }, interfaces }): Sample[] =>
      interfaces.map((counts) => ({
        labels: { interface: counts.interface, namespace: metadata.namespace, pod: metadata.name },
        value: counts[field],
      })),
    );
    return exposition({ name: `container_network_${name}_total`, help, type: "counter" }, samples);
  }).join("");
}
