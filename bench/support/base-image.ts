import { globSync, statSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContainerStore, storeOptions } from "./container-store.ts";
import { program } from "./programs.ts";
import { say } from "./table.ts";

export const BASE_IMAGE = "registry.jdos.internal/jdos/base:12";

/** Puts the platform's base image into the peers' storage, out of the platform's cache. */
export async function loadBaseImage(
  store: Pick<ContainerStore, "root" | "runRoot">,
  cacheDir = process.env.JDOS_CACHE_DIR ?? "",
): Promise<void> {
  const archives = globSync(`${cacheDir}/images-*.tar`).sort(
    (a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs,
  );
  const archive = archives.at(-1);
  if (archive === undefined)
    throw new Error(`Cannot load the base image: "${cacheDir}" has none; start the platform once`);
  say("Loading the base image into podman's storage ...");
  // podman makes an image name of the path: lower case alone.
  const layout = join(tmpdir(), `jdos-bench-layout-${process.pid}`);
  await mkdir(layout);
  try {
    await program("tar", ["-xf", archive, "-C", layout]);
    const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as Index;
    const base = index.manifests.filter(
      ({ annotations }) => annotations["io.containerd.image.name"] === BASE_IMAGE,
    );
    await writeFile(join(layout, "index.json"), JSON.stringify({ ...index, manifests: base }));
    const id = (await program("podman", [...storeOptions(store), "pull", "-q", `oci:${layout}`])).trim();
    await program("podman", [...storeOptions(store), "tag", id, BASE_IMAGE]);
  } finally {
    await rm(layout, { recursive: true, force: true });
  }
}

interface Index {
  manifests: { annotations: Record<string, string> }[];
}
