import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ComponentError } from "./errors.ts";

const MOUNT = "/sys/fs/cgroup";

/**
 * Every directory under which cgroups are made here: the one of cgroup v2, or one a controller of v1 together
 * with the v2 mount beside them.
 */
export function cgroupRoots(mount = MOUNT): string[] {
  if (existsSync(`${mount}/cgroup.controllers`)) return [mount];
  if (!existsSync(mount)) return [];
  return readdirSync(mount, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${mount}/${entry.name}`);
}

/** True when the machine runs on cgroup v2 alone. */
export function isCgroup2(mount = MOUNT): boolean {
  return existsSync(`${mount}/cgroup.controllers`);
}

/**
 * The cgroup beside that of all other Pods whose members stand behind everything else on the machine: "/jdos-0-behind". Below
 * the same parent they would have that parent's weight against what is not a Pod.
 */
export function behindCgroup(parent: string): string {
  return `${parent}-behind`;
}

/**
 * Removes a cgroup such as "/jdos-0" with all below it from every hierarchy. Its processes must have ended or be
 * ending: what is still busy is tried again until the timeout. Idempotent.
 */
export async function removeCgroupTree(path: string, { timeoutSeconds = 5 } = {}): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (const root of cgroupRoots()) {
    while (!removeOnce(`${root}${path}`)) {
      if (performance.now() >= deadline) {
        throw new ComponentError("CommandTimeout", `Cannot remove cgroup "${root}${path}": it is busy`, {
          hint: "End the processes that its cgroup.procs lists",
        });
      }
      await sleep(20);
    }
  }
}

/** The processes of a cgroup and of all below it, over every hierarchy. */
export function cgroupProcesses(path: string): number[] {
  const pids = new Set<number>();
  for (const root of cgroupRoots()) collect(`${root}${path}`, pids);
  return [...pids];
}

/** One process of a cgroup or of those below it, if there is any: cheaper than all of them. */
export function cgroupProcess(path: string): number | undefined {
  for (const root of cgroupRoots()) {
    const pids = new Set<number>();
    collect(`${root}${path}`, pids);
    for (const pid of pids) return pid;
  }
  return undefined;
}

function collect(directory: string, pids: Set<number>): void {
  for (const child of childrenOf(directory)) collect(child, pids);
  try {
    for (const line of readFileSync(`${directory}/cgroup.procs`, "latin1").split("\n")) {
      if (line !== "" && line !== "0") pids.add(Number(line));
    }
  } catch {
    // A cgroup that is gone holds no process.
  }
}

function removeOnce(directory: string): boolean {
  let done = true;
  for (const child of childrenOf(directory)) done = removeOnce(child) && done;
  if (!done) return false;
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return true;
    if (code === "EBUSY" || code === "ENOTEMPTY") return false;
    throw error;
  }
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${directory}/${entry.name}`);
  } catch {
    return [];
  }
}
