import type { CriClient } from "../cri/cri-client.ts";
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE } from "../runtime/labels.ts";

/** /metrics/resource: CPU and memory of every container in Prometheus' text format. */
export async function resourceMetrics(cri: CriClient): Promise<string> {
  const cpu = [
    "# HELP container_cpu_usage_seconds_total CPU time used",
    "# TYPE container_cpu_usage_seconds_total counter",
  ];
  const memory = [
    "# HELP container_memory_working_set_bytes Memory in use",
    "# TYPE container_memory_working_set_bytes gauge",
  ];
  for (const stats of await cri.listContainerStats()) {
    const labels = stats.attributes.labels;
    const set = `{container=${quote(labels[CONTAINER_NAME])},namespace=${quote(labels[POD_NAMESPACE])},pod=${quote(labels[POD_NAME])}}`;
    const used = stats.cpu?.usageCoreNanoSeconds?.value;
    if (used !== undefined) cpu.push(`container_cpu_usage_seconds_total${set} ${Number(used) / 1e9}`);
    const bytes = stats.memory?.workingSetBytes?.value;
    if (bytes !== undefined) memory.push(`container_memory_working_set_bytes${set} ${bytes}`);
  }
  return `${[...cpu, ...memory].join("\n")}\n`;
}

function quote(text = ""): string {
  return `"${text.replace(/[\\"\n]/g, (letter) => (letter === "\n" ? "\\n" : `\\${letter}`))}"`;
}
