import { readFileSync } from "node:fs";

/** One thing measured, several times. */
export interface Series {
  name: string;
  /** In the unit of its column. */
  values: number[];
  /** Of the whole machine while it was measured. */
  cpuSeconds: number;
}

export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? Number.NaN
  );
}

const TICKS_PER_SECOND = 100;

/** CPU seconds that the machine has spent so far on anything but waiting. Source: proc(5), /proc/stat. */
export function machineCpuSeconds(): number {
  const fields = readFileSync("/proc/stat", "utf8").split("\n")[0]!.split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields;
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

/** CPU seconds of one process. */
export function processCpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory in MiB. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib ?? 0) / 1024;
}

/** Runs something and says how long it took and what the machine spent on it. */
export async function timed<T>(
  action: () => Promise<T>,
): Promise<{ result: T; seconds: number; cpuSeconds: number }> {
  const cpu = machineCpuSeconds();
  const started = performance.now();
  const result = await action();
  return { result, seconds: (performance.now() - started) / 1000, cpuSeconds: machineCpuSeconds() - cpu };
}
