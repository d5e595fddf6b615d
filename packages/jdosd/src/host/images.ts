import { copyFile, mkdir, mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FileLock, lockFile, type OciRunConfig, writeOciArchive } from "@jdos/component-base";
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
  /** Shared by every data directory of the machine. */
  cacheDir: string;
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
  cacheDir,
  say = () => {},
}: ImagesOptions): Promise<string> {
  const archive = join(cacheDir, `images-${recipe.key}.tar`);
  await mkdir(cacheDir, { recursive: true });
  const lock = await waitForLock(join(cacheDir, "images.lock"), say);
  try {
    if (await exists(archive)) {
      await utimes(archive, new Date(), new Date());
      return archive;
    }
    await removeUnfinished(cacheDir);
    const workDir = await mkdtemp(join(cacheDir, "making-"));
    try {
      await makeArchive(archive, recipe, workDir, say);
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
    await prune(cacheDir);
    return archive;
  } finally {
    lock.release();
  }
}

async function makeArchive(
  archive: string,
  recipe: ImageRecipe,
  workDir: string,
  say: (message: string) => void,
): Promise<void> {
  say("mmdebstrap makes the base and tools images");
  const [debian, nodeLayer] = await Promise.all([
    makeRootFileSystem({
      workDir,
      sources: recipe.sources,
      basePackages: BASE_PACKAGES,
      toolsPackages: TOOLS_PACKAGES,
    }),
    makeNodeLayer(workDir, recipe.nodeBinary),
  ]);
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

/** Another start may be making the images right now: that takes a minute. */
async function waitForLock(path: string, say: (message: string) => void): Promise<FileLock> {
  for (let tries = 0; ; tries++) {
    const lock = lockFile(path);
    if (lock !== undefined) return lock;
    if (tries === 0) say("waiting for another start that makes the images");
    await sleep(200);
  }
}

/** A killed start leaves its work behind; nobody else holds the lock. */
async function removeUnfinished(cacheDir: string): Promise<void> {
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
