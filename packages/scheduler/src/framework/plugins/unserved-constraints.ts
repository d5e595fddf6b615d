import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { Plugin } from "../contract.ts";
import { affinityTerms, preferredTerms } from "./pod-affinity-terms.ts";

/** Constraints that this scheduler does not serve are refused in words, never passed over. */
export const unservedConstraints: Plugin = {
  name: "UnservedConstraints",
  preFilter(pod) {
    const reasons = [...unservedVolumes(pod), ...unservedTerms(pod)];
    return reasons.length === 0 ? undefined : { reasons, unresolvable: true };
  },
};

function unservedVolumes({ spec }: Stored<Pod>): string[] {
  const claims = spec?.volumes?.some(
    (volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined,
  );
  return claims === true ? ["persistent volume claims are not served by this scheduler"] : [];
}

function unservedTerms(pod: Stored<Pod>): string[] {
  const terms = [
    ...affinityTerms(pod, "podAffinity"),
    ...affinityTerms(pod, "podAntiAffinity"),
    ...preferredTerms(pod).map(({ term }) => term),
  ];
  const selects = terms.some(
    ({ namespaceSelector }) =>
      namespaceSelector !== undefined && Object.values(namespaceSelector).some((part) => part !== undefined),
  );
  return selects ? ["pod affinity with a namespaceSelector is not served by this scheduler"] : [];
}
