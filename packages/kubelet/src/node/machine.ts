import { readFileSync, statfsSync } from "node:fs";
import { arch, availableParallelism, release, totalmem } from "node:os";

/** What the machine has and what it is. */
export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly architecture: string;
}

export function readMachine(rootDir: string): Machine {
  return {
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    storageBytes: storageBytes(rootDir),
    machineId: text("/etc/machine-id"),
    systemUuid: text("/sys/class/dmi/id/product_uuid"),
    bootId: text("/proc/sys/kernel/random/boot_id"),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(text("/etc/os-release"))?.[1] ?? "Linux",
    architecture: arch() === "x64" ? "amd64" : arch(),
  };
}

function storageBytes(path: string): number {
  const { blocks, bsize } = statfsSync(path);
  return blocks * bsize;
}

/** A file's text, or "" where the machine has no such file. */
function text(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
