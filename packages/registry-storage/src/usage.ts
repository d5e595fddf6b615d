import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { RegistryStorageState } from "@jdos/api";
import { bytes } from "@jdos/apimachinery";
import { entries, type Layout, layoutOf, storedBlobs, unlessMissing } from "./layout.ts";

/** With less room than this on its disk a registry is full, whatever its bound. */
const MIN_FREE_BYTES = 512 * 1024 * 1024;

export interface Disk {
  sizeBytes: number;
  freeBytes: number;
}

export async function readDisk(directory: string): Promise<Disk> {
  const { bsize, blocks, bavail } = await statfs(directory);
  return { sizeBytes: bsize * blocks, freeBytes: bsize * bavail };
}

/** Bytes of all blobs, those that are about to go among them. */
export async function usedBytes(layout: Layout): Promise<number> {
  let sum = 0;
  for await (const { sizeBytes } of storedBlobs(layout)) sum += sizeBytes;
  for (const { name } of await entries(layout.quarantine))
    sum += (await unlessMissing(stat(join(layout.quarantine, name))))?.size ?? 0;
  return sum;
}

export interface MeasureOptions {
  /** The registry's rootdirectory. */
  readonly directory: string;
  /** Defaults to 80%. */
  readonly limit?: string;
  /** Defaults to that of the directory. */
  readonly disk?: () => Promise<Disk>;
}

/** How full a registry is. */
export async function measure({
  directory,
  limit = "80%",
  disk = () => readDisk(directory),
}: MeasureOptions): Promise<RegistryStorageState> {
  return stateOf(await usedBytes(layoutOf(directory)), { disk: await disk(), limit });
}

export function stateOf(used: number, { disk, limit }: { disk: Disk; limit: string }): RegistryStorageState {
  const limitBytes = limit.endsWith("%")
    ? Math.floor((disk.sizeBytes * Number(limit.slice(0, -1))) / 100)
    : bytes(limit);
  const isFull = used >= limitBytes || disk.freeBytes < MIN_FREE_BYTES;
  return { usedBytes: used, limitBytes, state: isFull ? "Full" : "Ok" };
}
