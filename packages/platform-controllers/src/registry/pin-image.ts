import {
  applicationImages,
  formatImageName,
  mirroredImage,
  parseImageName,
  type RegistryLocation,
} from "@jdos/component-base";
import { reachable } from "../notice/reachable.ts";
import { askDigests, registryUrl } from "./ask-digests.ts";
import { mirrorCredentials } from "./mirror-credentials.ts";

export interface PinnedImage {
  /** What Pods run: by digest, unless `unpinned` says why not. */
  image: string;
  /** "registry-1.docker.io cannot be reached (ENOTFOUND)" */
  unpinned?: string;
  /** Whether a mirror gives it. */
  mirrored: boolean;
}

const TIMEOUT_MILLIS = 5000;

/**
 * What Pods run for an image that somebody named: of a mirror, where the map says so, and by the digest its tag stands
 * for now, where its registry can be asked. An image of the platform's own registry is what it is. Never throws.
 */
export async function pinImage(
  reference: string,
  registry: RegistryLocation,
  signal: AbortSignal,
): Promise<PinnedImage> {
  const asked = parseImageName(reference);
  if (asked === undefined || applicationImages(registry).isOwn(reference))
    return { image: reference, mirrored: false };
  const found = mirroredImage(asked, registry.mirrors ?? []);
  const name = found?.name ?? asked;
  const mirrored = found !== undefined;
  if (name.digest !== undefined) return { image: mirrored ? formatImageName(name) : reference, mirrored };
  try {
    const { own: digest } = await askDigests(name, {
      url: found?.mirror.url ?? registryUrl(name.host),
      ...(mirrored ? { credential: mirrorCredentials(registry)[name.host] } : { reachable: reachable([]) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MILLIS)]),
    });
    return { image: formatImageName({ ...name, digest }), mirrored };
  } catch (error) {
    const unpinned = (error as Error).message;
    return { image: mirrored ? formatImageName(name) : reference, unpinned, mirrored };
  }
}
