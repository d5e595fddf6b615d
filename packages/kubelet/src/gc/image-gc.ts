import { statfs } from "node:fs/promises";
import type { Clock, Logger } from "@jdos/component-base";
import type { CriClient } from "../cri/cri-client.ts";

export interface ImageGcOptions {
  cri: CriClient;
  clock: Clock;
  log: Logger;
  highPercent: number;
  /** How far the use is brought down. Defaults to 5 below highPercent. */
  lowPercent?: number;
  keep: readonly string[];
}

/** An image is left alone for a while after it was first seen unused. */
const MIN_AGE_MS = 120_000;

/** Removes images that no container uses, the longest unused first, once their disk is nearly full. */
export function createImageGc({
  cri,
  clock,
  log,
  highPercent,
  lowPercent = highPercent - 5,
  keep,
}: ImageGcOptions) {
  const unusedSince = new Map<string, number>();
  return async function collect(): Promise<void> {
    const [images, containers] = await Promise.all([cri.listImages(), cri.listContainers()]);
    const used = new Set(containers.map((container) => container.imageRef));
    const now = clock.monotonicMillis();
    for (const image of images) {
      if (used.has(image.id) || image.pinned || isKept([...image.repoTags, ...image.repoDigests], keep))
        unusedSince.delete(image.id);
      else if (!unusedSince.has(image.id)) unusedSince.set(image.id, now);
    }
    const mountpoint = (await cri.imageFilesystems())[0]?.fsId?.mountpoint;
    if (mountpoint === undefined || (await usedPercent(mountpoint)) < highPercent) return;
    const candidates = images
      .filter((image) => now - (unusedSince.get(image.id) ?? now) >= MIN_AGE_MS)
      .sort((a, b) => unusedSince.get(a.id)! - unusedSince.get(b.id)!);
    for (const image of candidates) {
      if ((await usedPercent(mountpoint)) < lowPercent) return;
      log.info(
        { image: image.repoTags[0] ?? image.id, sizeBytes: Number(image.size) },
        "Removing an unused image",
      );
      await cri.removeImage(image.id);
      unusedSince.delete(image.id);
    }
  };
}

function isKept(names: readonly string[], keep: readonly string[]): boolean {
  return names.some((name) => keep.some((prefix) => name.startsWith(prefix)));
}

async function usedPercent(path: string): Promise<number> {
  const { blocks, bavail } = await statfs(path);
  return ((blocks - bavail) / blocks) * 100;
}
