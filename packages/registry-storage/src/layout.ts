import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Paths below the data directory of the CNCF registry's filesystem driver. Source: distribution, storage/paths.go. */
export interface Layout {
  readonly blobs: string;
  readonly repositories: string;
  /** Ours: blobs that are about to go. */
  readonly quarantine: string;
}

export function layoutOf(root: string): Layout {
  const version = join(root, "docker", "registry", "v2");
  return {
    blobs: join(version, "blobs", "sha256"),
    repositories: join(version, "repositories"),
    quarantine: join(root, "jdos-quarantine"),
  };
}

const HEX = /^[a-f0-9]{64}$/;

export function isHex(name: string): boolean {
  return HEX.test(name);
}

export function blobDirectory({ blobs }: Layout, hex: string): string {
  return join(blobs, hex.slice(0, 2), hex);
}

export function blobData(layout: Layout, hex: string): string {
  return join(blobDirectory(layout, hex), "data");
}

/** What stands in a directory; nothing in one that is not there. */
export async function entries(directory: string): Promise<Dirent[]> {
  return (await unlessMissing(readdir(directory, { withFileTypes: true }))) ?? [];
}

export async function directories(directory: string): Promise<string[]> {
  return (await entries(directory)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The result, or undefined when the file or directory is not there (any more). */
export async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Directories of repositories: those with _manifests, _layers or _uploads in them. */
export async function repositoryDirectories(directory: string): Promise<string[]> {
  const names = await directories(directory);
  const below = names.filter((name) => !name.startsWith("_")).map((name) => join(directory, name));
  const found = names.some((name) => name.startsWith("_")) ? [directory] : [];
  for (const each of below) found.push(...(await repositoryDirectories(each)));
  return found;
}

/** Names of the shape of digests in a directory, with the time each's link was written. */
export async function links(directory: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const hex of (await directories(directory)).filter(isHex)) {
    const link = await unlessMissing(stat(join(directory, hex, "link")));
    if (link !== undefined) found.set(hex, link.mtimeMs);
  }
  return found;
}

export interface StoredBlob {
  readonly hex: string;
  readonly sizeBytes: number;
  readonly modifiedMillis: number;
}

export async function* storedBlobs(layout: Layout): AsyncGenerator<StoredBlob> {
  for (const start of await directories(layout.blobs)) {
    for (const hex of (await directories(join(layout.blobs, start))).filter(isHex)) {
      const data = await unlessMissing(stat(blobData(layout, hex)));
      if (data !== undefined) yield { hex, sizeBytes: data.size, modifiedMillis: data.mtimeMs };
    }
  }
}
