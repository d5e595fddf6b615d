import { ImageBuilderError } from "../errors.ts";
import type { Descriptor, ImageConfig } from "../registry/media-types.ts";
import { parseReference } from "../registry/reference.ts";
import type { Registry } from "../registry/registry.ts";

/** An image that others are built on: its layers are in the registry and need not be uploaded again. */
export interface BaseImage {
  repository: string;
  digest: string;
  config: ImageConfig;
  layers: Descriptor[];
}

/** Reads the base image that stacks build on. */
export async function readBase(registry: Registry, reference: string): Promise<BaseImage> {
  const { repository, version } = parseReference(reference);
  const base = await readImage(registry, repository, version);
  if (base === undefined) {
    throw new ImageBuilderError(
      "BaseImageMissing",
      `Cannot build on "${reference}": the registry does not have it`,
      { hint: "The platform pushes it when it starts: look at jdos status" },
    );
  }
  return base;
}

/** An image of the registry; undefined when there is none. */
export async function readImage(
  registry: Registry,
  repository: string,
  version: string,
): Promise<BaseImage | undefined> {
  const found = await registry.manifest(repository, version);
  if (found === undefined) return undefined;
  const { manifest, digest } = found;
  const config = JSON.parse(
    (await registry.blob(repository, manifest.config)).toString("utf8"),
  ) as ImageConfig;
  return { repository, digest, config, layers: manifest.layers };
}
