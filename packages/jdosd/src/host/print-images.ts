import type { JdosdOptions } from "../options.ts";
import type { Progress } from "../progress.ts";
import { ImageCache } from "./image-cache.ts";
import { BASE_IMAGE, readImageRecipe, TOOLS_IMAGE } from "./image-recipe.ts";
import { ensureImageArchive } from "./images.ts";
import { type HostProgram, installPackages, missingPackages } from "./packages.ts";

/** What making the images takes, and nothing that only running the platform does. */
const PROGRAMS: readonly HostProgram[] = [
  { program: "mmdebstrap", package: "mmdebstrap" },
  { program: "git", package: "git" },
];

export interface ImageArchive {
  /** An OCI archive that has them. */
  archive: string;
  /** Their names in it. */
  images: { base: string; tools: string };
}

/** The archive of the platform's own images, for who brings them to a registry; made when there is none. */
export async function imageArchive(
  { repository, cacheDir, path }: JdosdOptions,
  progress: Progress,
): Promise<ImageArchive> {
  const archive = await progress.stage("images", async (say) => {
    await installPackages(await missingPackages({ path, programs: PROGRAMS }), say);
    return ensureImageArchive({
      recipe: await readImageRecipe(repository),
      cache: new ImageCache(cacheDir),
      say,
    });
  });
  return { archive, images: { base: BASE_IMAGE, tools: TOOLS_IMAGE } };
}
