import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DEFAULT_REGISTRY,
  type OciLayout,
  openOciLayout,
  readRegistryCredential,
} from "@jdos/component-base";
import { ImageBuilderError } from "../errors.ts";
import { type PackedLayer, packLayer } from "../layer/pack.ts";
import {
  type Descriptor,
  type ImageConfig,
  type Manifest,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../registry/media-types.ts";
import { type BlobSource, digestOf, Registry } from "../registry/registry.ts";
import type { PublishOptions } from "./options.ts";
import { platformTree } from "./tree.ts";

export interface PublishedImages {
  /** HOST/PATH/jdos/<name>@sha256:... */
  base: string;
  tools: string;
  platform: string;
}

/** Where the platform's image has the repository's tree. */
const TREE = "opt/jdos";
/** A person waits for it. */
const PATIENCE_SECONDS = 10;
/** The tag of base and tools, as in their names on one machine. */
const TAG = "12";

interface Image {
  manifest: Manifest;
  config: ImageConfig;
}

type Say = (message: string) => void;

/**
 * Puts the platform's images into a registry: base and tools as the archive has them, and over the tools one layer
 * with the clone's tree. What the registry has is not sent again. The same clone and archive give the same digests.
 */
export async function publishPlatform(options: PublishOptions, say: Say): Promise<PublishedImages> {
  const { archive, registry: location, repository } = options;
  const { host, prefix, url, credentialsFile } = location;
  const credential =
    credentialsFile === undefined ? undefined : readRegistryCredential(credentialsFile, host);
  const publisher = new Publisher({
    registry: new Registry({
      url,
      patienceSeconds: PATIENCE_SECONDS,
      ...(credential === undefined ? {} : { credential }),
    }),
    layout: await openOciLayout(archive),
    prefix: `${prefix}jdos/`,
    say,
  });
  const scratch = await mkdtemp(join(tmpdir(), "jdos-publish-"));
  try {
    // What is wrong with the clone is found before anything is sent.
    const tree = await packTree(repository, { scratch, say });
    const base = await publisher.copy("base");
    const tools = await publisher.copy("tools");
    const platform = await publisher.addTree(tools.image, tree);
    const name = (image: string, digest: string): string => `${host}/${prefix}jdos/${image}@${digest}`;
    return {
      base: name("base", base.digest),
      tools: name("tools", tools.digest),
      platform: name("platform", platform),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface PackedTree extends PackedLayer {
  file: string;
}

async function packTree(
  repository: string,
  { scratch, say }: { scratch: string; say: Say },
): Promise<PackedTree> {
  say("packing the repository's tree");
  const file = join(scratch, "tree.tar.gz");
  const isWanted = await platformTree(repository);
  const exclude = (path: string): boolean => !isWanted(path);
  return { file, ...(await packLayer({ directory: repository, prefix: TREE, file, exclude, uid: 0 })) };
}

interface PublisherOptions {
  registry: Registry;
  layout: OciLayout;
  /** Of the platform's repositories: "team/jdos/" */
  prefix: string;
  say: Say;
}

class Publisher {
  readonly #options: PublisherOptions;
  /** Which repository has a blob. */
  readonly #at = new Map<string, string>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Pushes an image of the archive under its tag. */
  async copy(name: string): Promise<{ image: Image; digest: string }> {
    const { layout, registry, prefix } = this.#options;
    const image = await this.#read(`${DEFAULT_REGISTRY.host}/jdos/${name}:${TAG}`);
    for (const blob of [image.manifest.config, ...image.manifest.layers])
      await this.#push(name, blob, layout.locate(blob.digest));
    const digest = await registry.pushManifest(`${prefix}${name}`, image.manifest, TAG);
    return { image, digest };
  }

  /** Pushes the platform's image: another image with the clone's tree over it. Answers its digest. */
  async addTree({ manifest, config }: Image, { file, ...packed }: PackedTree): Promise<string> {
    const { layout, registry, prefix } = this.#options;
    const tree = { mediaType: OCI_LAYER_GZIP, digest: packed.digest, size: packed.size };
    for (const layer of manifest.layers) await this.#push("platform", layer, layout.locate(layer.digest));
    await this.#push("platform", tree, { file });
    const bytes = Buffer.from(JSON.stringify(withTree(config, packed.diffId)));
    const descriptor = { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.length };
    await this.#push("platform", descriptor, bytes);
    const image = {
      ...manifest,
      mediaType: OCI_MANIFEST,
      config: descriptor,
      layers: [...manifest.layers, tree],
    };
    const tag = descriptor.digest.slice("sha256:".length, "sha256:".length + 12);
    return registry.pushManifest(`${prefix}platform`, image, tag);
  }

  async #read(reference: string): Promise<Image> {
    const { layout } = this.#options;
    const descriptor = layout.find(reference);
    if (descriptor === undefined)
      throw new ImageBuilderError(
        "InvalidInput",
        `Cannot publish "${reference}": the archive has no such image`,
        {
          hint: "Make the archive anew with: node packages/jdosd/src/main.ts images",
        },
      );
    const manifest = JSON.parse((await layout.read(descriptor.digest)).toString("utf8")) as Manifest;
    const config = JSON.parse((await layout.read(manifest.config.digest)).toString("utf8")) as ImageConfig;
    return { manifest, config };
  }

  /** From another of the platform's repositories where the registry mounts, else from here. */
  async #push(name: string, { digest, size }: Descriptor, source: BlobSource): Promise<void> {
    const { registry, prefix, say } = this.#options;
    const repository = `${prefix}${name}`;
    const from = this.#at.get(digest);
    if (from !== undefined && (await registry.mountBlob(repository, digest, from))) return;
    const pushed = await registry.pushBlob(repository, { digest, size }, source);
    if (pushed === "uploaded") say(`${name}: sent ${Math.ceil(size / 1024 / 1024)} MiB`);
    this.#at.set(digest, repository);
  }
}

function withTree(config: ImageConfig, diffId: string): ImageConfig {
  return {
    ...config,
    config: { ...config.config, WorkingDir: `/${TREE}` },
    rootfs: { type: "layers", diff_ids: [...config.rootfs.diff_ids, diffId] },
    ...(config.history && {
      history: [...config.history, { created: "1970-01-01T00:00:00Z", created_by: "jdos/platform" }],
    }),
  };
}
