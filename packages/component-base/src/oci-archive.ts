import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type TarEntry, tarEnd, tarHeader, tarPadding } from "./tar-writer.ts";

/** A layer as an uncompressed tar: the path of a file, or the bytes. */
export type OciLayerSource = string | Uint8Array;

/** The run configuration of an image. Source: OCI image specification, config. */
export interface OciRunConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

export interface OciImage {
  /** The full reference containerd knows the image by: "registry.example/team/app:1". */
  reference: string;
  /** From the lowest up. Images may share layers; each is written once. */
  layers: readonly OciLayerSource[];
  config?: OciRunConfig;
  /** Defaults to this machine's. */
  architecture?: "amd64" | "arm64";
}

interface Blob {
  digest: string;
  sizeBytes: number;
  source: OciLayerSource;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

const MEDIA = "application/vnd.oci.image";
const EPOCH = "1970-01-01T00:00:00Z";

/**
 * Writes images as one OCI archive (an image layout in a tar), which `ctr images import` and buildah read. The
 * file appears whole or not at all. Equal input gives equal bytes.
 */
export async function writeOciArchive(path: string, images: readonly OciImage[]): Promise<void> {
  const blobs = new Map<string, Blob>();
  const layers = new Map<OciLayerSource, Blob>();
  const manifests: Descriptor[] = [];
  for (const image of images) {
    for (const source of image.layers) {
      const blob = layers.get(source) ?? (await layerBlob(source));
      layers.set(source, blob);
      blobs.set(blob.digest, blob);
    }
    manifests.push(
      addImage(
        image,
        image.layers.map((source) => layers.get(source)!),
        blobs,
      ),
    );
  }
  const index = { schemaVersion: 2, mediaType: `${MEDIA}.index.v1+json`, manifests };
  const unfinished = `${path}.new`;
  try {
    await pipeline(Readable.from(archive(blobs, index)), createWriteStream(unfinished));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

function addImage(image: OciImage, layers: readonly Blob[], blobs: Map<string, Blob>): Descriptor {
  const architecture = image.architecture ?? (process.arch === "arm64" ? "arm64" : "amd64");
  const config = jsonBlob({
    created: EPOCH,
    architecture,
    os: "linux",
    config: image.config ?? {},
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
    // Builders that cache layers refuse an image whose history does not tell of every layer.
    history: layers.map(() => ({ created: EPOCH, created_by: image.reference })),
  });
  const manifest = jsonBlob({
    schemaVersion: 2,
    mediaType: `${MEDIA}.manifest.v1+json`,
    config: describe(config, `${MEDIA}.config.v1+json`),
    layers: layers.map((layer) => describe(layer, `${MEDIA}.layer.v1.tar`)),
  });
  blobs.set(config.digest, config).set(manifest.digest, manifest);
  return {
    ...describe(manifest, `${MEDIA}.manifest.v1+json`),
    annotations: {
      "io.containerd.image.name": image.reference,
      "org.opencontainers.image.ref.name": image.reference.slice(image.reference.lastIndexOf(":") + 1),
    },
  };
}

async function* archive(blobs: ReadonlyMap<string, Blob>, index: object): AsyncGenerator<Uint8Array> {
  const small: [TarEntry["path"], Uint8Array][] = [
    ["oci-layout", Buffer.from(JSON.stringify({ imageLayoutVersion: "1.0.0" }))],
    ["index.json", Buffer.from(JSON.stringify(index))],
  ];
  for (const [path, content] of small) {
    yield tarHeader({ path }, content.byteLength);
    yield content;
    yield tarPadding(content.byteLength);
  }
  for (const blob of blobs.values()) {
    yield tarHeader({ path: `blobs/${blob.digest.replace(":", "/")}` }, blob.sizeBytes);
    if (typeof blob.source === "string") yield* createReadStream(blob.source, { highWaterMark: 1 << 20 });
    else yield blob.source;
    yield tarPadding(blob.sizeBytes);
  }
  yield tarEnd();
}

async function layerBlob(source: OciLayerSource): Promise<Blob> {
  if (typeof source !== "string") return bytesBlob(source);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 }))
    hash.update(chunk as Buffer);
  return { digest: `sha256:${hash.digest("hex")}`, sizeBytes: (await stat(source)).size, source };
}

function jsonBlob(value: object): Blob {
  return bytesBlob(Buffer.from(JSON.stringify(value)));
}

function bytesBlob(source: Uint8Array): Blob {
  const digest = `sha256:${createHash("sha256").update(source).digest("hex")}`;
  return { digest, sizeBytes: source.byteLength, source };
}

function describe(blob: Blob, mediaType: string): Descriptor {
  return { mediaType, digest: blob.digest, size: blob.sizeBytes };
}
