import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "@jdos/component-base";
import type { CriClient } from "../cri/cri-client.ts";
import { type Directories, podDirectory, podLogDirectory } from "../pod/directories.ts";
import { containersOf, isTerminal, type PodObject } from "../pod/pod.ts";
import { CONTAINER_NAME, POD_UID } from "../runtime/labels.ts";
import { hasStorageLimits, type LocalStorageUse, measuredVolumes, storageVerdict } from "./local-storage.ts";

export interface StorageEviction {
  cri: CriClient;
  directories: Directories;
  pods(): readonly PodObject[];
  evict(uid: string, message: string): void;
}

/** Evicts the Pods that have written more to the node's disk than they may. Costs nothing where none has bounds. */
export async function evictForStorage({ cri, directories, pods, evict }: StorageEviction): Promise<void> {
  const bounded = pods().filter(
    (pod) => hasStorageLimits(pod) && !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined,
  );
  if (bounded.length === 0) return;
  const layers = await writableLayers(cri);
  for (const pod of bounded) {
    const use = await usageOf(pod, { directories, layers });
    const message = storageVerdict(pod, use);
    if (message !== undefined) evict(pod.metadata.uid, message);
  }
}

type Layers = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Bytes of each container's writable layer, by Pod and container. */
async function writableLayers(cri: CriClient): Promise<Layers> {
  const layers = new Map<string, Map<string, number>>();
  for (const { attributes, writableLayer } of await cri.listContainerStats()) {
    const { [POD_UID]: uid = "", [CONTAINER_NAME]: name = "" } = attributes.labels;
    const ofPod = layers.get(uid) ?? new Map<string, number>();
    const used = Number(writableLayer?.usedBytes?.value ?? 0);
    layers.set(uid, ofPod.set(name, Math.max(used, ofPod.get(name) ?? 0)));
  }
  return layers;
}

async function usageOf(
  pod: PodObject,
  { directories, layers }: { directories: Directories; layers: Layers },
): Promise<LocalStorageUse> {
  const { uid } = pod.metadata;
  const volumes = new Map<string, number>();
  for (const name of measuredVolumes(pod))
    volumes.set(name, await diskUse(join(podDirectory(directories, uid), "volumes", name)));
  const containers = new Map<string, number>();
  for (const { name } of containersOf(pod)) {
    const logs = await filesIn(join(podLogDirectory(directories, pod), name));
    containers.set(name, logs + (layers.get(uid)?.get(name) ?? 0));
  }
  return { volumes, containers };
}

/** Behind everything else: a tree may be large. Files that vanish meanwhile do not matter. */
async function diskUse(path: string): Promise<number> {
  const { stdout } = await runCommand(
    ["nice", "-n", "19", "du", "--summarize", "--one-file-system", "--block-size=1", "--", path],
    { okExitCodes: [0, 1], timeoutSeconds: 60 },
  );
  return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
}

async function filesIn(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory).catch(() => []))
    bytes += (await stat(join(directory, name)).catch(() => undefined))?.size ?? 0;
  return bytes;
}
