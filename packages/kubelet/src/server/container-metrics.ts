import type { CriClient } from "../cri/cri-client.ts";
import type { ContainerStats } from "../cri/types.ts";
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE } from "../runtime/labels.ts";
import { exposition, type Family, type Sample } from "./exposition.ts";

interface ContainerFamily extends Family {
  value(stats: ContainerStats): number | string | undefined;
}

export const CPU: ContainerFamily = {
  name: "container_cpu_usage_seconds_total",
  help: "CPU time used",
  type: "counter",
  value: ({ cpu }) => {
    const used = cpu?.usageCoreNanoSeconds?.value;
    return used === undefined ? undefined : Number(used) / 1e9;
  },
};

export const WORKING_SET: ContainerFamily = {
  name: "container_memory_working_set_bytes",
  help: "Memory in use that cannot be given back at once",
  type: "gauge",
  value: ({ memory }) => memory?.workingSetBytes?.value,
};

export const MEMORY_USAGE: ContainerFamily = {
  name: "container_memory_usage_bytes",
  help: "Memory in use, with all caches",
  type: "gauge",
  value: ({ memory }) => memory?.usageBytes?.value,
};

export const RESIDENT: ContainerFamily = {
  name: "container_memory_rss",
  help: "Anonymous memory in use",
  type: "gauge",
  value: ({ memory }) => memory?.rssBytes?.value,
};

export const DISK_USAGE: ContainerFamily = {
  name: "container_fs_usage_bytes",
  help: "Bytes written to the container's own layer",
  type: "gauge",
  value: ({ writableLayer }) => writableLayer?.usedBytes?.value,
};

/** Metrics of every container, by container, namespace and pod. */
export async function containerMetrics(
  cri: CriClient,
  families: readonly ContainerFamily[],
): Promise<string> {
  const all = await cri.listContainerStats();
  return families.map((family) => exposition(family, samplesOf(family, all))).join("");
}

function samplesOf(family: ContainerFamily, all: readonly ContainerStats[]): Sample[] {
  return all.flatMap((stats) => {
    const value = family.value(stats);
    return value === undefined ? [] : [{ labels: labelsOf(stats), value }];
  });
}

function labelsOf({ attributes: { labels } }: ContainerStats): Sample["labels"] {
  return { container: labels[CONTAINER_NAME], namespace: labels[POD_NAMESPACE], pod: labels[POD_NAME] };
}
