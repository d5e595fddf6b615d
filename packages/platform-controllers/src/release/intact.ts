import type { Release } from "@jdos/api";
import { releaseHash } from "@jdos/api/release-hash";
import type { DeepReadonly } from "@jdos/apimachinery";

/** True while a Release's spec is what it was made as. */
export function isIntact(release: { readonly spec: DeepReadonly<Release["spec"]> }): boolean {
  return releaseHash(release.spec) === release.spec.hash;
}
