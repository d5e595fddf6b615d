import { createHash } from "node:crypto";
import { constants, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { ImageBuilderError } from "../errors.ts";
import type { BuiltImage, BuiltLayer } from "../exchange/messages.ts";
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  type Manifest,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../registry/media-types.ts";
import { digestOf, type Registry } from "../registry/registry.ts";
import type { BaseImage } from "./base.ts";
import { rememberLayer } from "./layer-cache.ts";

export interface PushOptions {
  registry: Registry;
  repository: string;
  /** The directory the steps left their layers in. */
  exchange: string;
  /** Of stacks. */
  base: BaseImage;
  /** Images whose layers an image may share: those the steps read. */
  known: readonly BaseImage[];
}

/** What happened, for the log. */
export interface Pushed {
  digest: string;
  uploaded: number;
  shared: number;
}

/** Puts what the steps built into the registry. Only digests decide what is uploaded. */
export function pushImage(image: BuiltImage, options: PushOptions): Promise<Pushed> {
  return image.kind === "layers" ? pushLayers(image, options) : pushLayout(image.folder, options);
}

async function pushLayers(
  { layers, config }: Extract<BuiltImage, { kind: "layers" }>,
  options: PushOptions,
): Promise<Pushed> {
  const { base } = options;
  const imageConfig: ImageConfig = {
    created: "1970-01-01T00:00:00Z",
    architecture: base.config.architecture,
    os: base.config.os,
    config,
    rootfs: {
      type: "layers",
      diff_ids: [...base.config.rootfs.diff_ids, ...layers.map(({ diffId }) => diffId)],
    },
    history: [
      ...(base.config.history ?? base.layers.map(() => ({ created_by: "base" }))),
      ...layers.map(({ createdBy }) => ({ created: "1970-01-01T00:00:00Z", created_by: createdBy })),
    ],
  };
  const shared = await Promise.all(base.layers.map((layer) => shareLayer(layer, base.repository, options)));
  const own = await Promise.all(layers.map((layer) => pushLayer(layer, options)));
  const uploaded = own.filter((each) => each === "uploaded").length;
  const descriptors = layers.map(({ digest, size }) => ({ mediaType: OCI_LAYER_GZIP, digest, size }));
  const digest = await pushWhole(imageConfig, [...base.layers, ...descriptors], options);
  for (const layer of layers)
    if (layer.cacheKey !== undefined)
      await rememberLayer(options.registry, options.repository, { key: layer.cacheKey, layer });
  return { digest, uploaded, shared: shared.length + layers.length - uploaded };
}

async function pushLayer(
  layer: BuiltLayer,
  { registry, repository, exchange }: PushOptions,
): Promise<"uploaded" | "present"> {
  if (layer.file === undefined) return "present";
  const file = await plainFile(join(exchange, fileName(layer.file)), layer.size);
  return registry.pushBlob(repository, layer, { file });
}

async function pushWhole(
  config: ImageConfig,
  layers: Descriptor[],
  { registry, repository }: PushOptions,
): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(config));
  const descriptor = { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.length };
  await registry.pushBlob(repository, descriptor, bytes);
  return registry.pushManifest(repository, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor,
    layers,
  });
}

/** The base's layer in the application's repository: mounted, or copied where the registry does not mount. */
async function shareLayer(
  layer: Descriptor,
  from: string,
  { registry, repository, exchange }: PushOptions,
): Promise<void> {
  if (repository === from || (await registry.mountBlob(repository, layer.digest, from))) return;
  const file = join(exchange, `shared-${layer.digest.slice(7, 19)}`);
  await pipeline(await registry.blobStream(from, layer.digest), createWriteStream(file));
  await registry.pushBlob(repository, layer, { file });
}

async function pushLayout(folder: string, options: PushOptions): Promise<Pushed> {
  const { registry, repository, exchange } = options;
  const root = join(exchange, fileName(folder));
  const index = await readJson<Index>(join(root, "index.json"));
  const manifest = await readJson<Manifest>(blobPath(root, index.manifests[0]?.digest));
  const configBytes = await readChecked(blobPath(root, manifest.config.digest), manifest.config.digest);
  const config = JSON.parse(configBytes) as ImageConfig;
  const layers: Descriptor[] = [];
  let shared = 0;
  for (const [at, layer] of manifest.layers.entries()) {
    const diffId = config.rootfs.diff_ids[at];
    const found = diffId === undefined ? undefined : sharedLayer(diffId, options.known);
    if (found !== undefined) {
      await shareLayer(found.layer, found.repository, options);
      layers.push(found.layer);
      shared++;
    } else {
      const packed = await gzipBlob(root, layer, join(exchange, `layer-${at}.tar.gz`));
      await registry.pushBlob(repository, packed, { file: packed.file });
      layers.push({ mediaType: OCI_LAYER_GZIP, digest: packed.digest, size: packed.size });
    }
  }
  return { digest: await pushWhole(config, layers, options), uploaded: layers.length - shared, shared };
}

function sharedLayer(
  diffId: string,
  known: readonly BaseImage[],
): { layer: Descriptor; repository: string } | undefined {
  for (const { config, layers, repository } of known) {
    const layer = layers[config.rootfs.diff_ids.indexOf(diffId)];
    if (layer !== undefined) return { layer, repository };
  }
  return undefined;
}

/** Reads a blob once: what is uploaded is what was checked. */
async function gzipBlob(
  root: string,
  { digest, mediaType }: Descriptor,
  file: string,
): Promise<{ digest: string; size: number; file: string }> {
  const raw = createHash("sha256");
  const packed = createHash("sha256");
  let size = 0;
  const source = await openPlain(blobPath(root, digest));
  await pipeline(
    source.createReadStream(),
    tap((chunk) => raw.update(chunk)),
    // buildah may have compressed it: a layer compressed twice cannot be unpacked.
    mediaType.endsWith("gzip") ? tap(() => {}) : createGzip({ level: 4 }),
    tap((chunk) => {
      packed.update(chunk);
      size += chunk.length;
    }),
    createWriteStream(file, { flags: "wx" }),
  );
  if (`sha256:${raw.digest("hex")}` !== digest)
    throw new ImageBuilderError("BuilderFailed", "Cannot push the image: a layer does not match its digest");
  return { digest: `sha256:${packed.digest("hex")}`, size, file };
}

function tap(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      see(chunk);
      done(null, chunk);
    },
  });
}

async function readJson<T>(path: string): Promise<T> {
  const handle = await openPlain(path);
  try {
    return JSON.parse(await handle.readFile("utf8")) as T;
  } catch {
    // The parser's own message would show what is in the file.
    throw new ImageBuilderError(
      "BuilderFailed",
      "Cannot push the image: the steps left no readable manifest",
    );
  } finally {
    await handle.close();
  }
}

async function readChecked(path: string, digest: string): Promise<string> {
  const handle = await openPlain(path);
  try {
    const bytes = await handle.readFile();
    if (digestOf(bytes) !== digest)
      throw new ImageBuilderError(
        "BuilderFailed",
        "Cannot push the image: its configuration does not match its digest",
      );
    return bytes.toString("utf8");
  } finally {
    await handle.close();
  }
}

function blobPath(root: string, digest: string | undefined): string {
  const hex = /^sha256:([a-f0-9]{64})$/.exec(digest ?? "")?.[1];
  if (hex === undefined)
    throw new ImageBuilderError("BuilderFailed", "Cannot push the image: the steps left no image");
  return join(root, "blobs", "sha256", hex);
}

/** The steps may have left anything under a name: only plain files are read, and nothing behind a link. */
async function openPlain(path: string) {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw new ImageBuilderError("BuilderFailed", "Cannot push the image: the steps left no such file", {
      cause: error,
    });
  }
}

async function plainFile(path: string, size: number): Promise<string> {
  const handle = await openPlain(path);
  const stats = await handle.stat();
  await handle.close();
  if (!stats.isFile() || stats.size !== size)
    throw new ImageBuilderError(
      "BuilderFailed",
      "Cannot push the image: a layer has not the size it is said to have",
    );
  return path;
}

function fileName(name: string): string {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
    throw new ImageBuilderError("BuilderFailed", "Cannot push the image: a layer has no proper name");
  return name;
}
