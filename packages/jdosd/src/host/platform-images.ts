import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasPlatformImages, importImages } from "./containerd-images.ts";
import { ImageCache } from "./image-cache.ts";
import { readImageRecipe } from "./image-recipe.ts";
import { ensureImageArchive } from "./images.ts";

export interface PlatformImagesOptions {
  repository: string;
  cacheDir: string;
  dataDir: string;
  /** containerd's root: remembers which images were imported. */
  containerdRoot: string;
  /** Settles when containerd answers, with its socket. */
  containerd: Promise<string>;
  say?(message: string): void;
}

/** Sees to it that containerd has the platform's own images; answers the archive they come from. */
export async function ensurePlatformImages(options: PlatformImagesOptions): Promise<string> {
  const { repository, cacheDir, dataDir, containerdRoot, say } = options;
  const recipe = await readImageRecipe(repository);
  const archive = await ensureImageArchive({
    recipe,
    cache: new ImageCache(cacheDir),
    dataDir,
    ...(say === undefined ? {} : { say }),
  });
  const socket = await options.containerd;
  const mark = join(containerdRoot, "platform-images");
  const imported = await readFile(mark, "utf8").catch(() => "");
  if (imported !== recipe.key || !(await hasPlatformImages(socket))) {
    say?.("importing the images");
    await importImages(socket, archive);
    await writeFile(mark, recipe.key);
  }
  return archive;
}
