import type { Release } from "@jdos/api";
import { releaseHash } from "@jdos/api/release-hash";
import type { DeepReadonly } from "@jdos/apimachinery";

type Spec = DeepReadonly<Release["spec"]>;

const judged = new WeakMap<Spec, boolean>();

/** True while a Release's spec is what it was made as. Takes an object that does not change; each is judged once. */
export function isIntact({ spec }: { readonly spec: Spec }): boolean {
  let intact = judged.get(spec);
  if (intact === undefined) {
    intact = releaseHash(spec) === spec.hash;
    judged.set(spec, intact);
  }
  return intact;
}
