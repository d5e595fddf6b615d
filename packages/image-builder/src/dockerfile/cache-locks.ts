import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Takes `sharing=locked` from the cache mounts of a Dockerfile: buildah 1.28 never lets go of the second of two
 * such mounts of one step, so that a later stage would wait for it for ever.
 */
export function withoutCacheLocks(text: string): string {
  return text.replaceAll(/--mount=(\S+)/g, (_, options: string) => {
    const kept = options.split(",").filter((option) => option !== "sharing=locked");
    return `--mount=${kept.join(",")}`;
  });
}

/** The file to build from: the Dockerfile, or a copy of it where something had to be taken out. */
export async function usableDockerfile(file: string, work: string): Promise<string> {
  const text = await readFile(file, "utf8");
  const usable = withoutCacheLocks(text);
  if (usable === text) return file;
  const copy = join(work, "Dockerfile");
  await writeFile(copy, usable);
  return copy;
}
