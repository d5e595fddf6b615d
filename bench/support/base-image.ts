import { globSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "./programs.ts";
import { say } from "./table.ts";

export const BASE_IMAGE = "registry.jdos.internal/jdos/base:12";

/** Storage of the peers' own, so that nothing of the machine's is touched. */
export interface ContainerStore {
  root: string;
  runRoot: string;
}

/** The options by which podman and buildah use that storage. */
export function storeOptions({ root, runRoot }: ContainerStore): string[] {
  return ["--root", root, "--runroot", runRoot];
}

/** podman where rlimits cannot be raised, with the same runtime as ours. */
export const RUN_OPTIONS = [
  "--ulimit",
  "nofile=1024:1024",
  "--ulimit",
  "nproc=4096:4096",
  "--cgroups",
  "enabled",
];

/** Puts the platform's base image into the peers' storage, out of the platform's cache. */
export async function loadBaseImage(
  store: ContainerStore,
  cacheDir = process.env.JDOS_CACHE_DIR ?? "/var/cache/jdos",
): Promise<void> {
  const archives = globSync(`${cacheDir}/images-*.tar`).sort(
    (a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs,
  );
  const archive = archives.at(-1);
  if (archive === undefined)
    throw new Error(`Cannot load the base image: "${cacheDir}" has none; start the platform once`);
  say("Loading the base image into podman's storage ...");
  const layout = await mkdtemp(join(tmpdir(), "jdos-bench-layout-"));
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
