import { readFileSync } from "node:fs";
import type { CriClient } from "../cri/cri-client.ts";
import { CPU, containerMetrics, WORKING_SET } from "./container-metrics.ts";
import { exposition } from "./exposition.ts";

const TICKS_PER_SECOND = 100;

/** /metrics/resource: CPU and memory of the node and of every container in Prometheus' text format. */
export async function resourceMetrics(cri: CriClient): Promise<string> {
  return `${nodeMetrics()}${await containerMetrics(cri, [CPU, WORKING_SET])}`;
}

function nodeMetrics(): string {
  const cpu = exposition(
    { name: "node_cpu_usage_seconds_total", help: "CPU time used on the node", type: "counter" },
    [{ labels: {}, value: cpuSeconds(readFileSync("/proc/stat", "latin1")) }],
  );
  const memory = exposition(
    { name: "node_memory_working_set_bytes", help: "Memory in use on the node", type: "gauge" },
    [{ labels: {}, value: memoryBytes(readFileSync("/proc/meminfo", "latin1")) }],
  );
  return cpu + memory;
}

/** All but idle and waiting for disks; a guest's time is in its host's. Source: proc(5). */
function cpuSeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    /^cpu +(.*)$/m.exec(stat)?.[1] ?? ""
  )
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

function memoryBytes(meminfo: string): number {
  const of = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB`, "m").exec(meminfo)?.[1] ?? 0);
  return (of("MemTotal") - of("MemAvailable")) * 1024;
}
