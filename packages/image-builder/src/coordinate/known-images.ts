import type { BuildMaterial } from "@jdos/api/builder";
import type { Descriptor } from "../registry/media-types.ts";
import type { Registry } from "../registry/registry.ts";
import { type BaseImage, readImage } from "./base.ts";
import type { ReadableRepository } from "./readable.ts";

/** They are told in a result of 4 KiB. */
const MAX_MATERIALS = 8;
const MAX_NAME = 160;

export interface MaterialsOptions {
  /** Of image references. */
  host: string;
  base: BaseImage;
  layers: readonly Descriptor[];
}

export interface SharedLayer {
  layer: Descriptor;
  /** The repository that has it. */
  repository: string;
}

/** Images that are in the registry and that a build began with: their layers need no upload. */
export class KnownImages {
  readonly #registry: Registry;
  readonly #images: Promise<BaseImage | undefined>[];
  /** Names that a build asked for, and their digests. */
  readonly #asked = new Map<string, BuildMaterial>();

  constructor(registry: Registry, first: BaseImage) {
    this.#registry = registry;
    this.#images = [Promise.resolve(first)];
  }

  /** Notes a manifest that the build reads. */
  add(repository: string, digest: string): void {
    // An index, or anything else that is no image, has no layers to share.
    this.#images.push(readImage(this.#registry, repository, digest).catch(() => undefined));
  }

  /** Notes what a name of an image led to. */
  asked(
    { image, mirror }: Pick<ReadableRepository, "image" | "mirror">,
    version: string,
    digest: string,
  ): void {
    const at = version.startsWith("sha256:") ? `@${version}` : `:${version}`;
    const isShort = [image, mirror ?? ""].every((name) => name.length + at.length <= MAX_NAME);
    if (!isShort) return;
    const from = mirror === undefined ? {} : { mirror: `${mirror}${at}` };
    this.#asked.set(`${image}${at}`, { image: `${image}${at}`, digest, ...from });
  }

  /** What an image with these layers was built from: the base when it lies on it, and the images that its steps read. */
  materials({ host, base, layers }: MaterialsOptions): BuildMaterial[] {
    const liesOnBase = base.layers.every(({ digest }, at) => layers[at]?.digest === digest);
    const isBase = ({ digest, mirror }: BuildMaterial): boolean =>
      liesOnBase && mirror === undefined && digest === base.digest;
    const asked = [...this.#asked.values()];
    // As the steps asked for it, where they did: a tag may lead to another one later.
    const name = asked.find(isBase)?.image ?? `${host}/${base.repository}@${base.digest}`;
    const read = asked.filter((material) => !isBase(material));
    return [...(liesOnBase ? [{ image: name, digest: base.digest }] : []), ...read].slice(0, MAX_MATERIALS);
  }

  /** The layer whose content, uncompressed, has this digest. */
  async layer(diffId: string): Promise<SharedLayer | undefined> {
    for (const image of await Promise.all(this.#images)) {
      const layer = image?.layers[image.config.rootfs.diff_ids.indexOf(diffId)];
      if (image !== undefined && layer !== undefined) return { layer, repository: image.repository };
    }
    return undefined;
  }
}
