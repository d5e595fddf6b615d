import type { Clock } from "@jdos/component-base";
import type { ControllerOptions } from "@jdos/controller-runtime";
import { deploymentController } from "./deployment/controller.ts";
import { endpointsController } from "./endpoints/controller.ts";
import { endpointSliceController } from "./endpointslice/controller.ts";
import { jobController } from "./job/controller.ts";
import { replicaSetController } from "./replicaset/controller.ts";

export interface ControllerSettings {
  clock: Clock;
  rootCaPem?: string;
  nodeGraceSeconds: number;
}

export interface RegisteredController {
  readonly name: string;
  /** Its identity is the service account of this name in kube-system. */
  create(settings: ControllerSettings): ControllerOptions;
}

/** Every controller that reconciles one Kind; they start in this order. The garbage collector is apart (start.ts). */
export const controllers: readonly RegisteredController[] = [
  { name: "deployment", create: deploymentController },
  { name: "replicaset", create: replicaSetController },
  { name: "job", create: jobController },
  { name: "endpointslice", create: endpointSliceController },
  { name: "endpoints", create: endpointsController },
];

export const GARBAGE_COLLECTOR = "garbagecollector";

export const controllerNames: readonly string[] = [...controllers.map(({ name }) => name), GARBAGE_COLLECTOR];
