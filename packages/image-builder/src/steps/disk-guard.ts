import { statfs } from "node:fs/promises";
import { ImageBuilderError } from "../errors.ts";

export interface DiskGuardOptions {
  /** Directories that the steps fill; those that are missing do not count. */
  paths: readonly string[];
  /** What is left for others, as a part of the whole. Above the 5 % at which a node says DiskPressure. */
  reservedShare?: number;
  /** What a build may add at most. Defaults to as much as is kept for all builds of a system. */
  maxGrowthBytes?: number;
  /** Defaults to 1,000. */
  everyMillis?: number;
}

export interface DiskGuard {
  /** Fires with the reason when the steps have to end. */
  readonly signal: AbortSignal;
  stop(): void;
}

interface Space {
  freeBytes: number;
  totalBytes: number;
}

const MIB = 1024 ** 2;

/** True when what is left of a file system is for others than builds. */
export async function isNearlyFull(path: string, reservedShare = 0.06): Promise<boolean> {
  const space = await spaceOf(path);
  return space !== undefined && space.freeBytes < space.totalBytes * reservedShare;
}

/** Watches the disk while steps run: what they keep for later builds is bounded by nobody else. */
export async function guardDisk(options: DiskGuardOptions): Promise<DiskGuard> {
  const { paths, reservedShare, maxGrowthBytes = 20 * 1024 ** 3, everyMillis = 1000 } = options;
  const full = new AbortController();
  const atStart = new Map<string, number>();
  for (const path of paths) {
    const space = await spaceOf(path);
    if (space !== undefined) atStart.set(path, space.freeBytes);
  }
  const look = async (): Promise<void> => {
    for (const [path, freeAtStart] of atStart) {
      const space = await spaceOf(path);
      if (space === undefined) continue;
      const left = `${Math.floor(space.freeBytes / MIB)} MiB of ${Math.floor(space.totalBytes / MIB)} MiB are left`;
      if (await isNearlyFull(path, reservedShare)) full.abort(outOfDisk(`its disk is nearly full, ${left}`));
      else if (freeAtStart - space.freeBytes > maxGrowthBytes)
        full.abort(
          outOfDisk(`its disk has ${Math.floor(maxGrowthBytes / MIB)} MiB less than when it began, ${left}`),
        );
    }
  };
  const timer = setInterval(() => void look().catch(() => {}), everyMillis);
  return { signal: full.signal, stop: () => clearInterval(timer) };
}

async function spaceOf(path: string): Promise<Space | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function outOfDisk(why: string): ImageBuilderError {
  return new ImageBuilderError("OutOfDisk", `Cannot go on with the build: ${why}`, {
    hint: "Let the build write less, or make room on the node",
  });
}
