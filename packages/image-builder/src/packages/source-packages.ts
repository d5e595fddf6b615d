import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MAX_LIST_BYTES, type Package, readerOf } from "./lists.ts";

const MAX_DEPTH = 3;
const MAX_DIRECTORIES = 2000;

/** The packages that an unpacked source names; for images that keep no list of them, as of a compiled program. */
export async function sourcePackages(root: string): Promise<Package[]> {
  const found: Package[] = [];
  const queue: { path: string; depth: number }[] = [{ path: "", depth: 0 }];
  for (let at = 0; at < queue.length && at < MAX_DIRECTORIES; at++) {
    const { path, depth } = queue[at] as (typeof queue)[number];
    for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() && depth < MAX_DEPTH && !["node_modules", ".git"].includes(entry.name))
        queue.push({ path: below, depth: depth + 1 });
      if (entry.isFile()) found.push(...(await packagesOf(root, below)));
    }
  }
  return found;
}

async function packagesOf(root: string, path: string): Promise<Package[]> {
  // A folder of the source may be called like one of the system.
  const read = readerOf(`source/${path}`);
  if (read === undefined || (await lstat(join(root, path))).size > MAX_LIST_BYTES) return [];
  try {
    return await read(await readFile(join(root, path), "utf8"));
  } catch {
    return [];
  }
}
