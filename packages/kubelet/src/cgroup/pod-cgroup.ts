import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { bytes, cpuMillis } from "@jdos/apimachinery";
import { behindCgroup, cgroupRoots, isCgroup2, removeCgroupTree } from "@jdos/component-base";
import { CPU_PERIOD_MICROS, cpuQuota, cpuShares, cpuWeight } from "../container/resources.ts";
import { allContainersOf, containersOf, type PodObject, qosClassOf, specOf } from "../pod/pod.ts";
import { CGROUP_MOUNT, makeVersion2 } from "./weight.ts";

const MOUNT = CGROUP_MOUNT;
const QOS = ["guaranteed", "burstable", "besteffort"] as const;

/**
 * The cgroup all of a Pod's containers are under: "/jdos-0/burstable/pod<uid>", and "/jdos-0-behind/pod<uid>" of one whose
 * priority is below zero.
 */
export function podCgroup(parent: string, pod: PodObject): string {
  const above = isBehind(pod) ? behindCgroup(parent) : `${parent}/${qosClassOf(pod).toLowerCase()}`;
  return `${above}/pod${pod.metadata.uid}`;
}

function isBehind(pod: PodObject): boolean {
  return (specOf(pod).priority ?? 0) < 0;
}

/** Where a parent's Pods have their cgroups. */
function placesOf(parent: string): string[] {
  return [...QOS.map((qos) => `${parent}/${qos}`), behindCgroup(parent)];
}

interface PodLimits {
  readonly shares: number;
  readonly quotaMicros: number | undefined;
  readonly memoryBytes: number | undefined;
}

interface NodeLimits extends PodLimits {
  /** "max", or how many processes and threads. */
  readonly pids: string;
}

/** Makes a Pod's cgroup and sets what its containers may use together. */
export async function ensurePodCgroup(
  { parent, pidsLimit }: { parent: string; pidsLimit: number },
  pod: PodObject,
): Promise<void> {
  const path = podCgroup(parent, pod);
  const limits = {
    ...podLimits(pod),
    pids: pidsLimit === 0 ? "max" : String(pidsLimit),
  };
  if (isCgroup2()) await ensureVersion2(path, limits);
  else await ensureVersion1(path, limits);
}

/** Removes the cgroup of a Pod whose containers have ended, whatever its class was. Idempotent. */
export async function removePodCgroup(parent: string, uid: string): Promise<void> {
  for (const place of placesOf(parent)) await removeCgroupTree(`${place}/pod${uid}`);
}

/** The uids of all Pods that have a cgroup. */
export async function podCgroups(parent: string): Promise<Set<string>> {
  const uids = new Set<string>();
  for (const root of cgroupRoots()) {
    for (const place of placesOf(parent)) {
      for (const name of await readdir(`${root}${place}`).catch(() => [])) {
        if (name.startsWith("pod")) uids.add(name.slice(3));
      }
    }
  }
  return uids;
}

/** A sum over the containers; a limit only when every container has one. Init containers run before: the larger counts. */
export function podLimits(pod: PodObject): PodLimits {
  const containers = containersOf(pod);
  const sum = (of: (text: string | number | undefined) => number, resource: string) => ({
    requests: total(pod, (item) =>
      of(item.resources?.requests?.[resource] ?? item.resources?.limits?.[resource]),
    ),
    limits: total(pod, (item) => of(item.resources?.limits?.[resource])),
    limited: [...containers].every((item) => of(item.resources?.limits?.[resource]) > 0),
  });
  const cpu = sum(cpuMillis, "cpu");
  const memory = sum(bytes, "memory");
  return {
    shares: cpuShares(cpu.requests),
    quotaMicros: cpu.limited ? cpuQuota(cpu.limits) : undefined,
    memoryBytes: memory.limited ? memory.limits : undefined,
  };
}

function total(
  pod: PodObject,
  of: (container: ReturnType<typeof allContainersOf>[number]) => number,
): number {
  const running = containersOf(pod).reduce((sum, container) => sum + of(container), 0);
  return Math.max(running, ...allContainersOf(pod).map(of));
}

async function ensureVersion1(path: string, limits: NodeLimits): Promise<void> {
  const cpu = `${MOUNT}/cpu${path}`;
  const memory = `${MOUNT}/memory${path}`;
  if (existsSync(`${MOUNT}/cpu`)) {
    await mkdir(cpu, { recursive: true });
    await writeFile(`${cpu}/cpu.shares`, String(limits.shares));
    if (limits.quotaMicros !== undefined) {
      await writeFile(`${cpu}/cpu.cfs_period_us`, String(CPU_PERIOD_MICROS));
      await writeFile(`${cpu}/cpu.cfs_quota_us`, String(limits.quotaMicros));
    }
  }
  if (existsSync(`${MOUNT}/pids`)) {
    await mkdir(`${MOUNT}/pids${path}`, { recursive: true });
    await writeFile(`${MOUNT}/pids${path}/pids.max`, limits.pids);
  }
  if (existsSync(`${MOUNT}/memory`)) {
    await mkdir(memory, { recursive: true });
    if (limits.memoryBytes !== undefined)
      await writeFile(`${memory}/memory.limit_in_bytes`, String(limits.memoryBytes));
  }
}

async function ensureVersion2(path: string, limits: NodeLimits): Promise<void> {
  const current = await makeVersion2(path);
  const set = async (file: string, value: string) => {
    if (existsSync(`${current}/${file}`)) await writeFile(`${current}/${file}`, value);
  };
  await set("cpu.weight", String(cpuWeight(limits.shares)));
  await set("pids.max", limits.pids);
  if (limits.quotaMicros !== undefined) await set("cpu.max", `${limits.quotaMicros} ${CPU_PERIOD_MICROS}`);
  if (limits.memoryBytes !== undefined) await set("memory.max", String(limits.memoryBytes));
}
