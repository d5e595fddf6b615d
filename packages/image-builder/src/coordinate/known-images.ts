import type { BuildMaterial } from "@jdos/api";
import type { Descriptor } from "../registry/media-types.ts";
import type { Registry } from "../registry/registry.ts";
import { type BaseImage, readImage } from "./base.ts";

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
  readonly #asked = new Map<string, string>();

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
  asked(repository: string, version: string, digest: string): void {
    const name = version.startsWith("sha256:") ? `${repository}@${version}` : `${repository}:${version}`;
    if (name.length <= MAX_NAME) this.#asked.set(name, digest);
  }

  /** What an image with these layers was built from: the base when it lies on it, and the images that its steps read. */
  materials({ host, base, layers }: MaterialsOptions): BuildMaterial[] {
    const liesOnBase = base.layers.every(({ digest }, at) => layers[at]?.digest === digest);
    const name = `${host}/${base.repository}@${base.digest}`;
    const read = [...this.#asked]
      .filter(([, digest]) => !(liesOnBase && digest === base.digest))
      .map(([asked, digest]) => ({ image: `${host}/${asked}`, digest }));
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
