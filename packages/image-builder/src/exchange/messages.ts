import type { BuilderError, BuilderInput, BuildMaterial } from "@jdos/api/builder";
import type { PackedLayer } from "../layer/pack.ts";
import type { ImageConfig, RunConfig } from "../registry/media-types.ts";

/** From the container that holds the credential to the one that runs the user's steps. */
export type ToSteps =
  | {
      type: "begin";
      input: BuilderInput;
      /** Where the source is; absent for a git repository that needs no credential, which the steps fetch. */
      sourceDirectory?: string;
      /** The digest and configuration of the image that stacks build on. */
      base: { digest: string; config: ImageConfig };
      /** A registry on the loopback address: it gives the platform's images and takes the one that is built. */
      registryPort: number;
    }
  | { type: "cached"; layer: CachedLayer | null }
  /** Steps of one's own may follow now. */
  | { type: "pushed"; image: string; revision: string };

/** From the steps. All of it is the user's word: it decides about the user's own image only. */
export type FromSteps =
  | { type: "log"; line: string }
  /** A source that the steps fetched. */
  | { type: "fetched"; revision: string; message: string }
  /** What was detected and why. */
  | { type: "detected"; stack: string }
  /** Asks for a layer that an earlier build made. */
  | { type: "cached"; key: string }
  /** The steps of one's own before the image are done. */
  | { type: "tested"; message: string }
  | { type: "built"; image: BuiltImage; message: string; bases?: BuildMaterial[] }
  /** Those after it are. */
  | { type: "checked"; message: string }
  | { type: "failed"; error: BuilderError };

/** A layer that is in the registry already. */
export interface CachedLayer {
  digest: string;
  size: number;
  diffId: string;
}

export type BuiltImage =
  | {
      kind: "layers";
      /** Over those of the base. */
      layers: BuiltLayer[];
      config: NonNullable<ImageConfig["config"]>;
    }
  /** An image that was pushed to the loopback registry, and what it is told beside what its Dockerfile says. */
  | { kind: "pushed"; config?: RunConfig };

export interface BuiltLayer extends PackedLayer {
  /** Name of the file in the exchange directory; absent: the registry has it. */
  file?: string;
  /** Remembered under this key for later builds. */
  cacheKey?: string;
  createdBy: string;
}

/** The repository of the loopback registry that the steps push their image to. */
export const RECEIVED_REPOSITORY = "jdos-build/image";

/** Below it, by their numbers, the loopback registry has the mirrors of other registries. */
export const MIRROR_REPOSITORY = "jdos-mirror";
