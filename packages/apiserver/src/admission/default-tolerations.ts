import type { Pod, Toleration } from "@jdos/api";
import type { AdmissionStep } from "./admission.ts";

const SECONDS = 300;
const TAINTS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] as const;

/** A Pod stays this long on a node that is not ready, unless it says otherwise. */
export const defaultTolerations: AdmissionStep = {
  name: "DefaultTolerationSeconds",
  mutate({ operation, call, object }) {
    if (operation !== "CREATE" || call.endpoint.type.kind !== "Pod" || call.subresource !== undefined) return;
    const { spec } = object as Pod;
    if (spec === undefined) return;
    for (const key of TAINTS) {
      if ((spec.tolerations ?? []).some((toleration) => tolerates(toleration, key))) continue;
      spec.tolerations = [
        ...(spec.tolerations ?? []),
        { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: SECONDS },
      ];
    }
  },
};

function tolerates({ key, effect }: Toleration, taint: string): boolean {
  return (
    (key === taint || key === undefined || key === "") &&
    (effect === undefined || effect === "" || effect === "NoExecute")
  );
}
