import { chmod, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

/** Where a tree keeps what Node compiled of it, relative to the tree's root. */
const COMPILE_CACHE = "node_modules/.cache/jdos";

/**
 * Variables by which Node finds what it compiled of a tree, also where the tree is mounted at another path, and without
 * loading its TypeScript compiler first. A process that may not write there reads. Source: Node, module compile cache.
 */
export function compileCacheEnvironment(tree: string): {
  NODE_COMPILE_CACHE: string;
  NODE_COMPILE_CACHE_PORTABLE: string;
} {
  return { NODE_COMPILE_CACHE: join(tree, COMPILE_CACHE), NODE_COMPILE_CACHE_PORTABLE: "1" };
}

export interface FillCompileCacheOptions {
  /** The root of the repository. */
  tree: string;
  /** Files and their arguments: each is run, and what it loads is kept. */
  programs: readonly (readonly [string, ...string[]])[];
  /** Users besides this one whose processes read it. Defaults to none. */
  readers?: readonly number[];
}

/**
 * Has Node compile what programs of a tree load, for the processes that come: a build begins with new ones each time.
 * A tree that cannot be written to stays as it is.
 */
export async function fillCompileCache(options: FillCompileCacheOptions): Promise<void> {
  const { tree, programs, readers = [] } = options;
  const variables = compileCacheEnvironment(tree);
  const env = { ...process.env, ...variables };
  for (const program of programs)
    await runCommand([process.execPath, "--disable-warning=ExperimentalWarning", ...program], {
      env,
      timeoutSeconds: 120,
    });
  if (readers.length > 0) await shareWith(readers, variables.NODE_COMPILE_CACHE);
}

/** Node keeps a directory for each user, and for each kind of process: "v24.21.0-x64-964aae3f-0". */
async function shareWith(readers: readonly number[], cache: string): Promise<void> {
  const own = (await readdir(cache)).filter((name) => name.endsWith(`-${process.getuid?.()}`));
  for (const name of own) {
    const directory = join(cache, name);
    await chmod(directory, 0o755);
    for (const file of await readdir(directory)) await chmod(join(directory, file), 0o644);
    for (const uid of readers.filter((each) => each !== process.getuid?.())) {
      const link = join(cache, name.replace(/\d+$/, String(uid)));
      await rm(link, { recursive: true, force: true });
      await symlink(name, link);
    }
  }
}
