import { constants, realpathSync } from "node:fs";
import { type FileHandle, mkdir, open, stat, writeFile } from "node:fs/promises";
import { KubeletError } from "../errors.ts";
import { bindMount } from "./mount.ts";

// Opens a name without reading it; node:fs has no constant for it.
const O_PATH = 0o10000000;

/**
 * Pins a path within a volume: the target shows what the path leads to now, and nothing outside the volume
 * whatever links the container makes meanwhile. Missing directories are made with the volume's own mode.
 */
export async function bindSubPath(volume: string, subPath: string, target: string): Promise<void> {
  const words = subPath.split("/").filter((word) => word !== "" && word !== ".");
  if (words.includes("..") || subPath.startsWith("/")) throw escaping(subPath);
  const root = realpathSync(volume);
  const resolved = await resolveOrCreate(root, words, subPath);
  const handle = await openWithoutLinks(
    root,
    resolved.slice(root.length).split("/").filter(Boolean),
    subPath,
  );
  try {
    if ((await handle.stat()).isDirectory()) await mkdir(target, { recursive: true });
    else await writeFile(target, "", { flag: "a" });
    await bindMount(`/proc/${process.pid}/fd/${handle.fd}`, target);
  } finally {
    await handle.close();
  }
}

async function resolveOrCreate(root: string, words: readonly string[], subPath: string): Promise<string> {
  let path = root;
  for (const word of words) {
    const next = `${path}/${word}`;
    if ((await stat(next).catch(() => undefined)) === undefined) {
      const handle = await openWithoutLinks(
        root,
        path.slice(root.length).split("/").filter(Boolean),
        subPath,
      );
      try {
        await mkdir(`/proc/self/fd/${handle.fd}/${word}`, { mode: (await handle.stat()).mode & 0o777 });
      } finally {
        await handle.close();
      }
    }
    path = realpathSync(next);
    if (path !== root && !path.startsWith(`${root}/`)) throw escaping(subPath);
  }
  return path;
}

/** Walks from the root one name at a time, refusing links: each step starts at what was opened, not at a name. */
async function openWithoutLinks(
  root: string,
  words: readonly string[],
  subPath: string,
): Promise<FileHandle> {
  let handle = await open(root, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  for (const word of words) {
    const next = await open(`/proc/self/fd/${handle.fd}/${word}`, O_PATH | constants.O_NOFOLLOW).finally(() =>
      handle.close(),
    );
    if ((await next.stat()).isSymbolicLink()) {
      await next.close();
      throw escaping(subPath);
    }
    handle = next;
  }
  return handle;
}

function escaping(subPath: string): KubeletError {
  return new KubeletError("CreateContainerConfigError", `subPath "${subPath}" leads out of its volume`, {
    hint: "Name a path within the volume",
  });
}
