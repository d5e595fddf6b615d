import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { pipeline, Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import {
  MAX_SOURCE_PART_BYTES,
  SOURCE_CONFIG_MEDIA_TYPE,
  SOURCE_LAYER_MEDIA_TYPE,
  SOURCE_PART_MEDIA_TYPE,
} from "@jdos/api/builder";
import { ImageBuilderError } from "../errors.ts";
import type { Descriptor } from "../registry/media-types.ts";
import type { Registry } from "../registry/registry.ts";
import { unpack } from "./unpack.ts";

export interface BundleOptions {
  repository: string;
  /** Of the manifest. */
  digest: string;
  /** Is made; must not exist. */
  directory: string;
}

/** Parts that are fetched while one is unpacked. */
const AHEAD = 4;

/** Fetches a directory that was uploaded as an OCI artifact, checks it against its digests and unpacks it. */
export async function fetchBundle(
  registry: Registry,
  { repository, digest, directory }: BundleOptions,
): Promise<{ files: number; sizeBytes: number }> {
  const found = await registry.manifest(repository, digest);
  if (found === undefined)
    throw new ImageBuilderError(
      "SourceUnreachable",
      `Cannot fetch the source: the registry has no bundle ${digest}`,
      { hint: "Deploy again to upload it anew" },
    );
  const { config, layers } = found.manifest;
  const [first] = layers;
  const isBundle = config.mediaType === SOURCE_CONFIG_MEDIA_TYPE && first !== undefined;
  if (isBundle && layers.every(isPart)) {
    await mkdir(directory);
    return unpack(Readable.from(partsOf(registry, repository, layers), { objectMode: false }), { directory });
  }
  if (!isBundle || first.mediaType !== SOURCE_LAYER_MEDIA_TYPE || layers.length > 1)
    throw new ImageBuilderError(
      "SourceRefused",
      `Cannot fetch the source: ${digest} is no bundle of a directory`,
    );
  await mkdir(directory);
  const archive = await registry.blobStream(repository, first.digest);
  return unpack(pipeline(archive, checked(first.digest), createGunzip(), ended), { directory });
}

function isPart({ mediaType, size }: Descriptor): boolean {
  return mediaType === SOURCE_PART_MEDIA_TYPE && size <= MAX_SOURCE_PART_BYTES;
}

/** The parts in their order, each checked before it is handed on. */
async function* partsOf(
  registry: Registry,
  repository: string,
  layers: readonly Descriptor[],
): AsyncGenerator<Buffer> {
  const ahead: Promise<Buffer>[] = [];
  for (let next = 0; next < layers.length || ahead.length > 0; ) {
    for (; ahead.length < AHEAD && next < layers.length; next++) {
      const part = registry.blob(repository, layers[next]!);
      // Thrown when it is its turn.
      part.catch(() => {});
      ahead.push(part);
    }
    yield await ahead.shift()!;
  }
}

/** Whoever reads the end of a pipeline gets its error. */
function ended(): void {}

function checked(digest: string): Transform {
  const hash = createHash("sha256");
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      if (`sha256:${hash.digest("hex")}` === digest) return done();
      done(
        new ImageBuilderError(
          "BundleCorrupt",
          "Cannot use the source: its content does not match its digest",
          { hint: "Deploy again to upload it anew" },
        ),
      );
    },
  });
}
