import { readdirSync, readFileSync, statfsSync } from "node:fs";
import type { Condition } from "@jdos/apimachinery";

const MIN_MEMORY_BYTES = 100 * 1024 * 1024;
const MIN_DISK_SHARE = 0.05;

/** The conditions that say whether the node runs out of something. */
export function pressureConditions(rootDir: string): Condition[] {
  const memory = availableMemoryBytes() < MIN_MEMORY_BYTES;
  const { bavail, blocks } = statfsSync(rootDir);
  const disk = bavail / blocks < MIN_DISK_SHARE;
  const pids = pidShare() > 0.9;
  return [
    condition(
      "MemoryPressure",
      memory,
      ["KubeletHasInsufficientMemory", "KubeletHasSufficientMemory"],
      "memory available",
    ),
    condition("DiskPressure", disk, ["KubeletHasDiskPressure", "KubeletHasNoDiskPressure"], "disk space"),
    condition("PIDPressure", pids, ["KubeletHasInsufficientPID", "KubeletHasSufficientPID"], "PID available"),
  ];
}

function condition(type: string, pressed: boolean, [yes, no]: [string, string], what: string): Condition {
  return {
    type,
    status: pressed ? "True" : "False",
    reason: pressed ? yes : no,
    message: `kubelet has ${pressed ? "insufficient" : "sufficient"} ${what}`,
  };
}

function availableMemoryBytes(): number {
  const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"));
  return match === null ? Number.MAX_SAFE_INTEGER : Number(match[1]) * 1024;
}

function pidShare(): number {
  const max = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8"));
  const running = readdirSync("/proc").filter(
    (name) => name.charCodeAt(0) <= 57 && name.charCodeAt(0) >= 48,
  ).length;
  return running / max;
}
