import { type ReplicaSet, ReplicationControllers } from "@jdos/api";
import type { ResourceType } from "@jdos/apimachinery";
import type { Clock } from "@jdos/component-base";
import type { ControllerOptions } from "@jdos/controller-runtime";
import { replicaController } from "../replicaset/replica-controller.ts";

/** A ReplicationController is a ReplicaSet whose selector is a plain map. */
export function replicationControllerController({ clock }: { clock: Clock }): ControllerOptions {
  const type = ReplicationControllers as ResourceType as ResourceType<ReplicaSet>;
  return replicaController(
    {
      type,
      name: "replicationcontroller",
      selectorOf: ({ spec }) => {
        const labels = spec?.selector as Readonly<Record<string, string>> | undefined;
        return labels === undefined ? undefined : { matchLabels: labels };
      },
    },
    clock,
  );
}
