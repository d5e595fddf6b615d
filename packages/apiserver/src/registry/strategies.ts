import type { KubeObject } from "@jdos/apimachinery";
import { customResourceDefinitionStrategy } from "./apiextensions/customresourcedefinition/strategy.ts";
import { controllerRevisionStrategy } from "./apps/controllerrevision/strategy.ts";
import { daemonSetStrategy } from "./apps/daemonset/strategy.ts";
import { deploymentStrategy } from "./apps/deployment/strategy.ts";
import { replicaSetStrategy } from "./apps/replicaset/strategy.ts";
import { statefulSetStrategy } from "./apps/statefulset/strategy.ts";
import { horizontalPodAutoscalerStrategy } from "./autoscaling/horizontalpodautoscaler/strategy.ts";
import { cronJobStrategy } from "./batch/cronjob/strategy.ts";
import { jobStrategy } from "./batch/job/strategy.ts";
import { leaseStrategy } from "./coordination/lease/strategy.ts";
import { configMapStrategy } from "./core/configmap/strategy.ts";
import { endpointsStrategy } from "./core/endpoints/strategy.ts";
import { eventStrategy } from "./core/event/strategy.ts";
import { limitRangeStrategy } from "./core/limitrange/strategy.ts";
import { namespaceStrategy } from "./core/namespace/strategy.ts";
import { nodeStrategy } from "./core/node/strategy.ts";
import { persistentVolumeStrategy } from "./core/persistentvolume/strategy.ts";
import { persistentVolumeClaimStrategy } from "./core/persistentvolumeclaim/strategy.ts";
import { podStrategy } from "./core/pod/strategy.ts";
import { podTemplateStrategy } from "./core/podtemplate/strategy.ts";
import { replicationControllerStrategy } from "./core/replicationcontroller/strategy.ts";
import { resourceQuotaStrategy } from "./core/resourcequota/strategy.ts";
import { secretStrategy } from "./core/secret/strategy.ts";
import { serviceStrategy } from "./core/service/strategy.ts";
import { serviceAccountStrategy } from "./core/serviceaccount/strategy.ts";
import { endpointSliceStrategy } from "./discovery/endpointslice/strategy.ts";
import { ingressStrategy } from "./networking/ingress/strategy.ts";
import { ingressClassStrategy } from "./networking/ingressclass/strategy.ts";
import { networkPolicyStrategy } from "./networking/networkpolicy/strategy.ts";
import { podDisruptionBudgetStrategy } from "./policy/poddisruptionbudget/strategy.ts";
import { clusterRoleStrategy } from "./rbac/clusterrole/strategy.ts";
import { clusterRoleBindingStrategy } from "./rbac/clusterrolebinding/strategy.ts";
import { roleStrategy } from "./rbac/role/strategy.ts";
import { roleBindingStrategy } from "./rbac/rolebinding/strategy.ts";
import { priorityClassStrategy } from "./scheduling/priorityclass/strategy.ts";
import { storageClassStrategy } from "./storage/storageclass/strategy.ts";
import type { Strategy } from "./strategy.ts";

/** A strategy among others: the registry hands each one only objects of its own Kind. */
function entry<T extends KubeObject>(strategy: Strategy<T>): Strategy {
  return strategy as unknown as Strategy;
}

/** Every built-in Kind, in the order of discovery. */
export const strategies: readonly Strategy[] = [
  entry(configMapStrategy),
  entry(endpointsStrategy),
  entry(eventStrategy),
  entry(limitRangeStrategy),
  entry(namespaceStrategy),
  entry(nodeStrategy),
  entry(persistentVolumeStrategy),
  entry(persistentVolumeClaimStrategy),
  entry(podStrategy),
  entry(podTemplateStrategy),
  entry(replicationControllerStrategy),
  entry(resourceQuotaStrategy),
  entry(secretStrategy),
  entry(serviceStrategy),
  entry(serviceAccountStrategy),
  entry(controllerRevisionStrategy),
  entry(daemonSetStrategy),
  entry(deploymentStrategy),
  entry(replicaSetStrategy),
  entry(statefulSetStrategy),
  entry(horizontalPodAutoscalerStrategy),
  entry(cronJobStrategy),
  entry(jobStrategy),
  entry(leaseStrategy),
  entry(endpointSliceStrategy),
  entry(ingressStrategy),
  entry(ingressClassStrategy),
  entry(networkPolicyStrategy),
  entry(podDisruptionBudgetStrategy),
  entry(clusterRoleStrategy),
  entry(clusterRoleBindingStrategy),
  entry(roleStrategy),
  entry(roleBindingStrategy),
  entry(priorityClassStrategy),
  entry(storageClassStrategy),
  entry(customResourceDefinitionStrategy),
];
