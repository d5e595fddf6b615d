import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { Transform } from "node:stream";
import { SOURCE_CONFIG_MEDIA_TYPE, SOURCE_LAYER_MEDIA_TYPE } from "@jdos/api";
import { ImageBuilderError } from "../errors.ts";
import type { Registry } from "../registry/registry.ts";
import { unpack } from "./unpack.ts";

export interface BundleOptions {
  repository: string;
  /** Of the manifest. */
  digest: string;
  /** Is made; must not exist. */
  directory: string;
}

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
  const [layer, ...more] = layers;
  if (
    config.mediaType !== SOURCE_CONFIG_MEDIA_TYPE ||
    layer?.mediaType !== SOURCE_LAYER_MEDIA_TYPE ||
    more.length > 0
  ) {
    throw new ImageBuilderError(
      "SourceRefused",
      `Cannot fetch the source: ${digest} is no bundle of a directory`,
    );
  }
  await mkdir(directory);
  const hash = createHash("sha256");
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const actual = `sha256:${hash.digest("hex")}`;
      done(
        actual === layer.digest
          ? null
          : new ImageBuilderError(
              "BundleCorrupt",
              `Cannot use the source: its content does not match its digest`,
              { hint: "Deploy again to upload it anew" },
            ),
      );
    },
  });
  const stream = await registry.blobStream(repository, layer.digest);
  stream.on("error", (error) => checked.destroy(error));
  return unpack(stream.pipe(checked), { directory });
}
