import type { CriClient } from "../cri/cri-client.ts";
import type { ContainerStats } from "../cri/types.ts";
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID } from "../runtime/labels.ts";

/** /stats/summary: what containers use, grouped by Pod. Source: the kubelet's stats v1alpha1 API. */
export async function statsSummary(cri: CriClient, nodeName: string): Promise<object> {
  const stats = await cri.listContainerStats();
  const pods = Map.groupBy(stats, (item) => item.attributes.labels[POD_UID] ?? "");
  return {
    node: { nodeName },
    pods: [...pods].map(([uid, containers]) => {
      const labels = containers[0]!.attributes.labels;
      return {
        podRef: { name: labels[POD_NAME], namespace: labels[POD_NAMESPACE], uid },
        containers: containers.map(containerUse),
      };
    }),
  };
}

function containerUse({ attributes, cpu, memory, writableLayer }: ContainerStats): object {
  return {
    name: attributes.labels[CONTAINER_NAME] ?? attributes.metadata.name,
    ...(cpu === null
      ? {}
      : { cpu: { time: time(cpu.timestamp), usageCoreNanoSeconds: value(cpu.usageCoreNanoSeconds) } }),
    ...(memory === null
      ? {}
      : {
          memory: {
            time: time(memory.timestamp),
            workingSetBytes: value(memory.workingSetBytes),
            usageBytes: value(memory.usageBytes),
            rssBytes: value(memory.rssBytes),
          },
        }),
    ...(writableLayer === null
      ? {}
      : { rootfs: { time: time(writableLayer.timestamp), usedBytes: value(writableLayer.usedBytes) } }),
  };
}

function value(wrapped: { value: string } | null): number | undefined {
  return wrapped === null ? undefined : Number(wrapped.value);
}

function time(nanoseconds: string): string {
  return new Date(Number(BigInt(nanoseconds) / 1_000_000n)).toISOString();
}
