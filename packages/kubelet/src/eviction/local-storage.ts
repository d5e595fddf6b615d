import { bytes, type DeepReadonly } from "@jdos/apimachinery";
import { containersOf, type PodObject, specOf } from "../pod/pod.ts";

/** What a Pod has written to the node's disk, in bytes. */
export interface LocalStorageUse {
  /** By name of an emptyDir on disk. */
  readonly volumes: ReadonlyMap<string, number>;
  /** By name of a container: its writable layer and its logs. */
  readonly containers: ReadonlyMap<string, number>;
}

type Quantity = DeepReadonly<string | number> | undefined;
const STORAGE = "ephemeral-storage";

/** Whether a Pod has bounds on what it writes. */
export function hasStorageLimits(pod: PodObject): boolean {
  return limitedVolumes(pod).length > 0 || containersOf(pod).some((item) => limitOf(item) !== undefined);
}

/** The emptyDirs on disk that have a size limit, and all of them where a container has a storage limit: they count. */
export function measuredVolumes(pod: PodObject): string[] {
  const all = containersOf(pod).some((item) => limitOf(item) !== undefined);
  return (all ? diskVolumes(pod) : limitedVolumes(pod)).map(({ name }) => name);
}

/**
 * Why a Pod that wrote so much is evicted; undefined while it keeps to its bounds. Source: kubernetes.io, Local
 * ephemeral storage; the sentences are the kubelet's.
 */
export function storageVerdict(pod: PodObject, use: LocalStorageUse): string | undefined {
  for (const { name, emptyDir } of limitedVolumes(pod)) {
    const limit = emptyDir?.sizeLimit as Quantity;
    if ((use.volumes.get(name) ?? 0) > bytes(limit))
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  const limits = containersOf(pod).map(limitOf);
  const total = limits.reduce((sum: number, limit) => sum + (limit === undefined ? 0 : bytes(limit)), 0);
  const used = [...use.volumes.values(), ...use.containers.values()].reduce((sum, each) => sum + each, 0);
  if (total > 0 && used > total)
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${total}. `;
  for (const item of containersOf(pod)) {
    const limit = limitOf(item);
    if (limit !== undefined && (use.containers.get(item.name) ?? 0) > bytes(limit))
      return `Container ${item.name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}

function limitOf({ resources }: ReturnType<typeof containersOf>[number]): Quantity {
  return resources?.limits?.[STORAGE];
}

function diskVolumes(pod: PodObject) {
  return (specOf(pod).volumes ?? []).filter(
    ({ emptyDir }) => emptyDir !== undefined && (emptyDir.medium ?? "") === "",
  );
}

function limitedVolumes(pod: PodObject) {
  return diskVolumes(pod).filter(({ emptyDir }) => bytes(emptyDir?.sizeLimit as Quantity) > 0);
}
