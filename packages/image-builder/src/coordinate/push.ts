import { constants, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { imageTag } from "@jdos/api/builder";
import { ImageBuilderError } from "../errors.ts";
import type { BuiltImage, BuiltLayer } from "../exchange/messages.ts";
import {
  type Descriptor,
  type ImageConfig,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
  type RunConfig,
} from "../registry/media-types.ts";
import { digestOf, type Registry } from "../registry/registry.ts";
import type { BaseImage } from "./base.ts";
import { rememberLayer } from "./layer-cache.ts";
import type { ImageReceiver } from "./receiver.ts";

/** The tag of an application's newest image: what it has in common with the next one is not sent again. */
export const LAST_BUILD = "last-build";

export interface PushOptions {
  registry: Registry;
  repository: string;
  /** The Build's name: its image has a tag of it, by which it is found when nothing needs it any more. */
  build: string;
  /** The directory the steps left their layers in. */
  exchange: string;
  /** A directory that the steps cannot reach. */
  scratch: string;
  /** Of stacks. */
  base: BaseImage;
  /** Has the image that the steps pushed. */
  receiver: ImageReceiver;
  /** Makes one layer of all that the image has over another one. */
  squash?: boolean;
}

/** What happened, for the log. */
export interface Pushed {
  digest: string;
  layers: readonly Descriptor[];
  uploaded: number;
  shared: number;
}

/** Puts what the steps built into the registry. Only digests decide what is uploaded. */
export async function pushImage(image: BuiltImage, options: PushOptions): Promise<Pushed> {
  try {
    return await pushOnce(image, options);
  } catch (error) {
    // A layer that nothing led to was swept away after the registry said that it has it: now it says it has not.
    const isSwept = error instanceof ImageBuilderError && error.message.includes("MANIFEST_BLOB_UNKNOWN");
    if (!isSwept) throw error;
    return pushOnce(image, options);
  }
}

async function pushOnce(image: BuiltImage, options: PushOptions): Promise<Pushed> {
  const pushed = image.kind === "layers" ? pushLayers(image, options) : pushReceived(image, options);
  const { config, layers, uploaded, shared } = await pushed;
  const { base } = options;
  const own = layers.length - base.layers.length;
  const isSquashed = options.squash === true && own > 1 && startsWith(config, base.config);
  const whole = isSquashed ? await squash(config, layers, options) : { config, layers };
  const digest = await pushWhole(whole.config, whole.layers, options);
  return { digest, layers: whole.layers, uploaded, shared };
}

async function squash(config: ImageConfig, layers: Descriptor[], options: PushOptions) {
  const { squashOver } = await import("./squash-image.ts");
  return squashOver(options.base, { ...options, config, layers });
}

interface PushedLayers {
  config: ImageConfig;
  layers: Descriptor[];
  uploaded: number;
  shared: number;
}

function startsWith({ rootfs }: ImageConfig, base: ImageConfig): boolean {
  return base.rootfs.diff_ids.every((diffId, at) => diffId === rootfs.diff_ids[at]);
}

async function pushLayers(
  { layers, config }: Extract<BuiltImage, { kind: "layers" }>,
  options: PushOptions,
): Promise<PushedLayers> {
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
  for (const layer of layers)
    if (layer.cacheKey !== undefined)
      await rememberLayer(options.registry, options.repository, { key: layer.cacheKey, layer });
  return {
    config: imageConfig,
    layers: [...base.layers, ...descriptors],
    uploaded,
    shared: shared.length + layers.length - uploaded,
  };
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
  { registry, repository, build }: PushOptions,
): Promise<string> {
  const bytes = Buffer.from(JSON.stringify(config));
  const descriptor = { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.length };
  await registry.pushBlob(repository, descriptor, bytes);
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers } as const;
  await registry.pushManifest(repository, { ...manifest }, imageTag(build));
  return registry.pushManifest(repository, { ...manifest }, LAST_BUILD);
}

/** The base's layer in the application's repository: mounted, or copied where the registry does not mount. */
async function shareLayer(
  layer: Descriptor,
  from: string,
  { registry, repository, scratch }: PushOptions,
): Promise<void> {
  if (repository === from || (await registry.mountBlob(repository, layer.digest, from))) return;
  const file = join(scratch, `shared-${layer.digest.slice(7, 19)}`);
  await pipeline(await registry.blobStream(from, layer.digest), createWriteStream(file));
  await registry.pushBlob(repository, layer, { file });
}

async function pushReceived(
  image: Extract<BuiltImage, { kind: "pushed" }>,
  options: PushOptions,
): Promise<PushedLayers> {
  const { registry, repository } = options;
  const { config: received, layers } = await options.receiver.image();
  const config = { ...received, config: told(received.config, image.config) };
  const descriptors: Descriptor[] = [];
  let shared = 0;
  for (const layer of layers) {
    if ("repository" in layer) {
      await shareLayer(layer.layer, layer.repository, options);
      descriptors.push(layer.layer);
      shared++;
    } else {
      const { file, ...descriptor } = layer;
      await registry.pushBlob(repository, descriptor, { file });
      descriptors.push(descriptor);
    }
  }
  return { config, layers: descriptors, uploaded: layers.length - shared, shared };
}

/** The configuration of an image with what it is told besides; a variable of that name is replaced. */
function told(has: RunConfig = {}, more: RunConfig = {}): RunConfig {
  const byName = (lines: readonly string[] = []) =>
    lines.map((line) => [line.split("=", 1)[0], line] as const);
  const env = new Map([...byName(has.Env), ...byName(more.Env)]);
  return { ...has, ...more, ...(env.size === 0 ? {} : { Env: [...env.values()] }) };
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
