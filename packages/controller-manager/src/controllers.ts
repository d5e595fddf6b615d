import type { Clock } from "@jdos/component-base";
import type { ControllerOptions } from "@jdos/controller-runtime";
import { cronJobController } from "./cronjob/controller.ts";
import { daemonSetController } from "./daemonset/controller.ts";
import { deploymentController } from "./deployment/controller.ts";
import { endpointsController } from "./endpoints/controller.ts";
import { endpointSliceController } from "./endpointslice/controller.ts";
import { jobController } from "./job/controller.ts";
import { namespaceController } from "./namespace/controller.ts";
import { nodeLifecycleController } from "./nodelifecycle/controller.ts";
import { podGarbageCollector } from "./podgc/controller.ts";
import { replicaSetController } from "./replicaset/controller.ts";
import { replicationControllerController } from "./replicationcontroller/controller.ts";
import { resourceQuotaController } from "./resourcequota/controller.ts";
import { serviceAccountController } from "./serviceaccount/controller.ts";
import { statefulSetController } from "./statefulset/controller.ts";

export interface ControllerSettings {
  clock: Clock;
  rootCaPem?: string;
  nodeGraceSeconds: number;
}

export interface RegisteredController {
  readonly name: string;
  create(settings: ControllerSettings): ControllerOptions;
}

/** Every controller that reconciles one Kind; they start in this order. The garbage collector is apart (start.ts). */
export const controllers: readonly RegisteredController[] = [
  { name: "namespace", create: namespaceController },
  { name: "serviceaccount", create: serviceAccountController },
  { name: "deployment", create: deploymentController },
  { name: "replicaset", create: replicaSetController },
  { name: "replicationcontroller", create: replicationControllerController },
  { name: "daemonset", create: daemonSetController },
  { name: "statefulset", create: statefulSetController },
  { name: "job", create: jobController },
  { name: "cronjob", create: cronJobController },
  { name: "endpointslice", create: endpointSliceController },
  { name: "endpoints", create: endpointsController },
  { name: "resourcequota", create: resourceQuotaController },
  { name: "nodelifecycle", create: nodeLifecycleController },
  { name: "podgc", create: podGarbageCollector },
];

export const GARBAGE_COLLECTOR = "garbagecollector";

export const controllerNames: readonly string[] = [...controllers.map(({ name }) => name), GARBAGE_COLLECTOR];
