import type { Plugin } from "../contract.ts";

/** Constraints that this scheduler does not serve are refused in words, never passed over. */
export const unservedConstraints: Plugin = {
  name: "UnservedConstraints",
  preFilter(pod) {
    const { affinity, topologySpreadConstraints, volumes } = pod.spec ?? {};
    const reasons: string[] = [];
    if (
      affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined ||
      affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined
    ) {
      reasons.push("required pod affinity is not served by this scheduler");
    }
    if (topologySpreadConstraints?.some((constraint) => constraint.whenUnsatisfiable === "DoNotSchedule")) {
      reasons.push("topologySpreadConstraints with DoNotSchedule are not served by this scheduler");
    }
    if (
      volumes?.some((volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined)
    ) {
      reasons.push("persistent volume claims are not served by this scheduler");
    }
    return reasons.length === 0 ? undefined : { reasons };
  },
};
