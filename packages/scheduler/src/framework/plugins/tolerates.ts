import type { Pod, Taint } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** True when one of the Pod's tolerations covers the taint. Source: kubernetes.io, Taints and Tolerations. */
export function tolerates(pod: Stored<Pod>, taint: DeepReadonly<Taint>): boolean {
  return (pod.spec?.tolerations ?? []).some((toleration) => {
    if (toleration.effect !== undefined && toleration.effect !== "" && toleration.effect !== taint.effect)
      return false;
    if (toleration.operator === "Exists")
      return (toleration.key ?? "") === "" || toleration.key === taint.key;
    return toleration.key === taint.key && (toleration.value ?? "") === (taint.value ?? "");
  });
}
