import type { Descriptor } from "../registry/media-types.ts";
import type { Registry } from "../registry/registry.ts";
import { type BaseImage, readImage } from "./base.ts";

export interface SharedLayer {
  layer: Descriptor;
  /** The repository that has it. */
  repository: string;
}

/** Images that are in the registry and that a build began with: their layers need no upload. */
export class KnownImages {
  readonly #registry: Registry;
  readonly #images: Promise<BaseImage | undefined>[];

  constructor(registry: Registry, first: BaseImage) {
    this.#registry = registry;
    this.#images = [Promise.resolve(first)];
  }

  /** Notes a manifest that the build reads. */
  add(repository: string, digest: string): void {
    // An index, or anything else that is no image, has no layers to share.
    this.#images.push(readImage(this.#registry, repository, digest).catch(() => undefined));
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
