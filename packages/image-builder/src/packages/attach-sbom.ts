import { gunzipSync, gzipSync } from "node:zlib";
import { attachmentTags, imageSubject, sbomArtifact } from "@jdos/component-base/attestation";
import type { BaseImage } from "../coordinate/base.ts";
import { ImageBuilderError } from "../errors.ts";
import { type Manifest, OCI_MANIFEST } from "../registry/media-types.ts";
import { digestOf, type Registry } from "../registry/registry.ts";
import { loadLibrary, writeBom } from "./bom.ts";
import type { Package } from "./lists.ts";
import { distinct, flatten, type LayerPackages, scanLayer } from "./scan-layer.ts";

/** The tag of what was found in the layers of the application's newest image: they are not read again. */
const LAYERS_TAG = "last-build-packages";
const LAYERS_CONFIG = "application/vnd.jdos.layer-packages.config.v1+json";
const LAYERS_TYPE = "application/vnd.jdos.layer-packages.v1+json+gzip";
const MAX_KNOWN_BYTES = 32 * 1024 * 1024;
/** How long layers may be read for: then the image has no list of packages. */
const SCAN_MILLIS = 30_000;

/** What is known of layers, by digest. */
export type KnownPackages = Readonly<Record<string, LayerPackages>>;

/** What the application's last build found; nothing where that cannot be had. */
export async function recallPackages(registry: Registry, repository: string): Promise<KnownPackages> {
  try {
    const found = await registry.manifest(repository, LAYERS_TAG);
    const layer = found?.manifest.layers[0];
    if (layer?.mediaType !== LAYERS_TYPE || layer.size > MAX_KNOWN_BYTES) return {};
    const bytes = gunzipSync(await registry.blob(repository, layer), { maxOutputLength: MAX_KNOWN_BYTES });
    return JSON.parse(bytes.toString("utf8")) as KnownPackages;
  } catch {
    return {};
  }
}

/** What is known of layers while the steps work: of the application's last image, and of the base it will lie on. */
export async function preparePackages(
  registry: Registry,
  { repository, base }: { repository: string; base: BaseImage },
): Promise<KnownPackages> {
  const [recalled] = await Promise.all([recallPackages(registry, repository), loadLibrary()]);
  const known: Record<string, LayerPackages> = { ...recalled };
  const signal = AbortSignal.timeout(SCAN_MILLIS);
  try {
    for (const { digest, mediaType } of base.layers)
      known[digest] ??= await scanLayer(await registry.blobStream(base.repository, digest), {
        mediaType,
        signal,
      });
  } catch {
    // It is tried once more when the image is there.
  }
  return known;
}

export interface SbomOptions {
  registry: Registry;
  repository: string;
  /** The host of image references. */
  host: string;
  /** Of the image. */
  digest: string;
  known: KnownPackages;
  /** What the source names; told of where the image has no such list. */
  source: readonly Package[];
}

export interface Sbom {
  digest: string;
  packages: number;
  /** Files that list packages and could not be read. */
  unread: number;
}

/**
 * Writes the list of packages of an image that is in the registry, and attaches it. Layers are read from the registry:
 * the user's steps have ended and have no part in it.
 */
export async function attachSbom(options: SbomOptions): Promise<Sbom> {
  const { registry, repository, host, digest, known } = options;
  const image = await registry.rawManifest(repository, digest);
  if (image === undefined)
    throw new ImageBuilderError(
      "BuilderFailed",
      "Cannot list the image's packages: it is not in the registry",
    );
  const { layers } = JSON.parse(image.bytes.toString("utf8")) as Manifest;
  const signal = AbortSignal.timeout(SCAN_MILLIS);
  const found: [string, LayerPackages][] = [];
  for (const { digest: layer, mediaType } of layers) {
    const content =
      known[layer] ?? (await scanLayer(await registry.blobStream(repository, layer), { mediaType, signal }));
    found.push([layer, content]);
  }
  const scanned = found.map(([, content]) => content);
  const inImage = flatten(scanned);
  const listed = new Set(inImage.map(({ type }) => type));
  const packages = distinct([...inImage, ...options.source.filter(({ type }) => !listed.has(type))]);
  const bom = await writeBom({ repository: `${host}/${repository}`, digest, packages });
  const artifact = sbomArtifact(imageSubject(image.bytes, image.mediaType), bom);
  const { config } = artifact.manifest;
  const bytes = Uint8Array.from(bom);
  const sbom = { digest: digestOf(bytes), size: bytes.byteLength };
  await Promise.all([
    registry.pushBlob(repository, sbom, bytes),
    registry.pushBlob(repository, config, Uint8Array.from(artifact.config)),
  ]);
  await registry.pushManifest(repository, artifact.manifest, attachmentTags(digest).sbom);
  if (layers.some((layer) => known[layer.digest] === undefined))
    await rememberPackages(options, Object.fromEntries(found));
  const unread = scanned.reduce((sum, each) => sum + each.unread.length, 0);
  return { digest: sbom.digest, packages: packages.filter(({ type }) => type !== "os").length, unread };
}

async function rememberPackages({ registry, repository }: SbomOptions, known: KnownPackages): Promise<void> {
  const bytes = Uint8Array.from(gzipSync(JSON.stringify(known), { level: 1 }));
  const configBytes = Uint8Array.from(Buffer.from("{}"));
  const layer = { mediaType: LAYERS_TYPE, digest: digestOf(bytes), size: bytes.byteLength };
  const config = { mediaType: LAYERS_CONFIG, digest: digestOf(configBytes), size: configBytes.byteLength };
  await Promise.all([
    registry.pushBlob(repository, layer, bytes),
    registry.pushBlob(repository, config, configBytes),
  ]);
  await registry.pushManifest(
    repository,
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] },
    LAYERS_TAG,
  );
}
