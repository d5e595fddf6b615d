import { copyFile, mkdir, mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { type OciRunConfig, unmountBelow, writeOciArchive } from "@jdos/component-base";
import type { ImageCache } from "./image-cache.ts";
import {
  BASE_IMAGE,
  BASE_PACKAGES,
  type ImageRecipe,
  SANDBOX_IMAGE,
  TOOLS_IMAGE,
  TOOLS_PACKAGES,
} from "./image-recipe.ts";
import { packLayer } from "./layer.ts";
import { makeNodeLayer } from "./node-layer.ts";
import { makeRootFileSystem } from "./root-file-system.ts";

export interface ImagesOptions {
  recipe: ImageRecipe;
  cache: ImageCache;
  /** Who asks: the cache lasts as long as the last of them. Absent: nobody who keeps it. */
  dataDir?: string;
  say?(message: string): void;
}

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Archives kept for other clones and earlier recipes. */
const KEPT = 2;

/**
 * The platform's own images as one OCI archive: base, tools over it, and the sandbox's. Made once a recipe; a
 * second caller waits for the first.
 */
export async function ensureImageArchive({
  recipe,
  cache,
  dataDir,
  say = () => {},
}: ImagesOptions): Promise<string> {
  const archive = cache.archive(recipe.key);
  const lock = await cache.lock(say);
  try {
    if (dataDir !== undefined) await cache.join(dataDir);
    if (await exists(archive)) {
      await utimes(archive, new Date(), new Date());
      return archive;
    }
    await removeUnfinished(cache.directory);
    await makeTwice(archive, { recipe, cache, say });
    await prune(cache.directory);
    return archive;
  } finally {
    lock.release();
  }
}

interface Making {
  recipe: ImageRecipe;
  cache: ImageCache;
  say(message: string): void;
}

/** Two hundred downloads: one that breaks must not end a first start. */
async function makeTwice(archive: string, options: Making): Promise<void> {
  try {
    await makeIn(archive, options);
  } catch (error) {
    options.say(`once more, for it failed: ${(error as Error).message}`);
    await makeIn(archive, options);
  }
}

async function makeIn(archive: string, options: Making): Promise<void> {
  const workDir = await mkdtemp(join(options.cache.directory, "making-"));
  try {
    await makeArchive(archive, { ...options, workDir });
  } finally {
    await unmountBelow(workDir);
    await rm(workDir, { recursive: true, force: true });
  }
}

async function makeArchive(
  archive: string,
  { recipe, cache, say, workDir }: Making & { workDir: string },
): Promise<void> {
  say("mmdebstrap makes the base and tools images");
  const making = [
    makeRootFileSystem({
      workDir,
      sources: recipe.sources,
      basePackages: BASE_PACKAGES,
      toolsPackages: TOOLS_PACKAGES,
      logFile: cache.failureLog,
    }),
    makeNodeLayer(workDir, recipe.nodeBinary),
  ] as const;
  // When one fails, the other still writes into the directory.
  await Promise.allSettled(making);
  const [debian, nodeLayer] = await Promise.all(making);
  const sandboxLayer = await makeSandboxLayer(workDir, debian.root);
  say("writing the images");
  const base = [debian.baseLayer, nodeLayer];
  const run: OciRunConfig = { Env: [PATH], Cmd: ["/bin/sh"], WorkingDir: "/" };
  await writeOciArchive(archive, [
    {
      reference: SANDBOX_IMAGE,
      layers: [sandboxLayer],
      config: { Entrypoint: ["/busybox", "sleep", "infinity"] },
    },
    { reference: BASE_IMAGE, layers: base, config: run },
    { reference: TOOLS_IMAGE, layers: [...base, debian.toolsLayer], config: run },
  ]);
}

/** One static program: a sandbox only holds namespaces. */
async function makeSandboxLayer(workDir: string, root: string): Promise<string> {
  const directory = join(workDir, "sandbox");
  const layer = join(workDir, "sandbox.tar");
  await mkdir(directory);
  await copyFile(join(root, "bin/busybox"), join(directory, "busybox"));
  await packLayer({ directory, layer, paths: ["busybox"] });
  return layer;
}

/** A killed start leaves its work behind, with what mmdebstrap mounted there; nobody else holds the lock. */
async function removeUnfinished(cacheDir: string): Promise<void> {
  await unmountBelow(cacheDir);
  for (const name of await readdir(cacheDir)) {
    if (name.startsWith("making-") || name.endsWith(".new")) {
      await rm(join(cacheDir, name), { recursive: true, force: true });
    }
  }
}

async function prune(cacheDir: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => /^images-\w+\.tar$/.test(name));
  const ages = await Promise.all(
    names.map(async (name) => ({ name, age: (await stat(join(cacheDir, name))).mtimeMs })),
  );
  for (const { name } of ages.sort((a, b) => b.age - a.age).slice(KEPT))
    await rm(join(cacheDir, name), { force: true });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
