import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { behindCgroup, isCgroup2 } from "@jdos/component-base";
import { cpuShares, cpuWeight } from "../container/resources.ts";

export const CGROUP_MOUNT = "/sys/fs/cgroup";
const LEAST_SHARES = 2;
/** Of those that stand behind: what they get where everybody wants everything. */
const BEHIND_SHARE = 1 / 4;

/**
 * Weighs all Pods of the node, together, as the cores that they may have, against what is no Pod, and those that request
 * nothing least among them. Source: kubernetes.io, kubelet --cgroups-per-qos.
 *
 * Those that stand behind have a cgroup of their own at the top, with a small weight and not an idle one (`cpu.idle`): what
 * is idle may hold a lock that others wait for, and would not run until the machine has nothing else to do.
 */
export async function weighPods(parent: string, cpus: number): Promise<void> {
  const behind = behindCgroup(parent);
  await setShares(parent, cpuShares(cpus * 1000));
  await setShares(`${parent}/besteffort`, LEAST_SHARES);
  await setShares(behind, cpuShares(cpus * 1000 * BEHIND_SHARE));
  const disk = await makeCgroup(behind, "blkio");
  // Only some schedulers of disks divide at all.
  const files = isCgroup2() ? ["io.weight", "io.bfq.weight"] : ["blkio.bfq.weight"];
  for (const file of files) await set(`${disk}/${file}`, "5");
}

/** Makes a cgroup of version 2 with all controllers that there are. Resolves with its directory. */
export async function makeVersion2(path: string): Promise<string> {
  let current = CGROUP_MOUNT;
  for (const word of path.split("/").filter((each) => each !== "")) {
    // The controllers must be handed down one level at a time before a child can have them; not each is there.
    for (const controller of ["cpu", "memory", "pids", "io", "cpuset"]) {
      await writeFile(`${current}/cgroup.subtree_control`, `+${controller}`).catch(() => undefined);
    }
    current += `/${word}`;
    await mkdir(current, { recursive: true });
  }
  return current;
}

async function setShares(path: string, shares: number): Promise<void> {
  const directory = await makeCgroup(path, "cpu");
  if (isCgroup2()) await set(`${directory}/cpu.weight`, String(cpuWeight(shares)));
  else await set(`${directory}/cpu.shares`, String(shares));
}

/** The directory of a cgroup, made unless the machine has no such controller. */
async function makeCgroup(path: string, controller: "cpu" | "blkio"): Promise<string> {
  if (isCgroup2()) return makeVersion2(path);
  const mount = `${CGROUP_MOUNT}/${controller}`;
  if (existsSync(mount)) await mkdir(`${mount}${path}`, { recursive: true });
  return `${mount}${path}`;
}

/** Whether the kernel has such a file. */
async function set(file: string, value: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  await writeFile(file, value);
  return true;
}
