import { ReplicaSets } from "@jdos/api";
import type { Clock } from "@jdos/component-base";
import type { ControllerOptions } from "@jdos/controller-runtime";
import { replicaController } from "./replica-controller.ts";

/** Keeps as many Pods as a ReplicaSet asks for. Source: kubernetes.io, ReplicaSet. */
export function replicaSetController({ clock }: { clock: Clock }): ControllerOptions {
  return replicaController(
    { type: ReplicaSets, name: "replicaset", selectorOf: ({ spec }) => spec?.selector },
    clock,
  );
}
