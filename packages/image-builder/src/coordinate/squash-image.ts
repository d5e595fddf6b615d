import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CachedLayer } from "../exchange/messages.ts";
import { type Descriptor, type ImageConfig, OCI_LAYER_GZIP } from "../registry/media-types.ts";
import type { Registry } from "../registry/registry.ts";
import type { BaseImage } from "./base.ts";
import { recallLayer, rememberLayer } from "./layer-cache.ts";
import { squashLayers } from "./squash.ts";

export interface SquashOptions {
  registry: Registry;
  /** Has every layer. */
  repository: string;
  /** A directory that the steps cannot reach. */
  scratch: string;
  config: ImageConfig;
  layers: readonly Descriptor[];
}

/** Makes one layer of those over the base. Layers that were merged before are not merged again. */
export async function squashOver(
  base: BaseImage,
  { registry, repository, scratch, config, layers }: SquashOptions,
): Promise<{ config: ImageConfig; layers: Descriptor[] }> {
  const own = layers.slice(base.layers.length);
  const key = createHash("sha256")
    .update(own.map(({ digest }) => digest).join())
    .digest("hex")
    .slice(0, 40);
  const known = await recallLayer(registry, repository, key);
  const merged =
    known ?? (await merge(own, { registry, repository, file: join(scratch, "squashed.tar.gz") }));
  if (known === undefined) await rememberLayer(registry, repository, { key, layer: merged });
  const { digest, size, diffId } = merged;
  const created = config.created ?? "1970-01-01T00:00:00Z";
  return {
    layers: [...base.layers, { mediaType: OCI_LAYER_GZIP, digest, size }],
    config: {
      ...config,
      rootfs: { type: "layers", diff_ids: [...base.config.rootfs.diff_ids, diffId] },
      history: [
        ...(base.config.history ?? base.layers.map(() => ({ created_by: "base" }))),
        { created, created_by: `${own.length} layers made one` },
      ],
    },
  };
}

async function merge(
  own: readonly Descriptor[],
  { registry, repository, file }: { registry: Registry; repository: string; file: string },
): Promise<CachedLayer> {
  const contents = own.map(({ digest, mediaType }) => ({
    isGzip: mediaType.endsWith("gzip"),
    open: () => registry.blobStream(repository, digest),
  }));
  try {
    const packed = await squashLayers(contents, file);
    await registry.pushBlob(repository, packed, { file });
    return packed;
  } finally {
    await rm(file, { force: true });
  }
}
