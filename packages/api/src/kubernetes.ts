/**
 * Kubernetes' own Kinds: the type of each and the constant by which a client reaches it.
 * Source: the Kubernetes API reference; the types come from the package kubernetes-types.
 */
import type { ResourceType } from "@jdos/apimachinery";
import type { CustomResourceDefinition } from "kubernetes-types/apiextensions/v1.d.ts";
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from "kubernetes-types/apps/v1.d.ts";
import type { HorizontalPodAutoscaler } from "kubernetes-types/autoscaling/v2.d.ts";
import type { CronJob, Job } from "kubernetes-types/batch/v1.d.ts";
import type { Lease } from "kubernetes-types/coordination/v1.d.ts";
import type {
  Binding,
  ConfigMap,
  Endpoints as EndpointsObject,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from "kubernetes-types/core/v1.d.ts";
import type { EndpointSlice } from "kubernetes-types/discovery/v1.d.ts";
import type { Ingress, IngressClass, NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.d.ts";
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from "kubernetes-types/rbac/v1.d.ts";
import type { PriorityClass } from "kubernetes-types/scheduling/v1.d.ts";
import type { StorageClass } from "kubernetes-types/storage/v1.d.ts";

const core = { group: "", version: "v1" } as const;
const apps = { group: "apps", version: "v1" } as const;
const batch = { group: "batch", version: "v1" } as const;
const rbac = { group: "rbac.authorization.k8s.io", version: "v1" } as const;
const networking = { group: "networking.k8s.io", version: "v1" } as const;

export const ConfigMaps: ResourceType<ConfigMap> = {
  ...core,
  resource: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};
export const Endpoints: ResourceType<EndpointsObject> = {
  ...core,
  resource: "endpoints",
  kind: "Endpoints",
  namespaced: true,
};
export const Events: ResourceType<Event> = { ...core, resource: "events", kind: "Event", namespaced: true };
export const LimitRanges: ResourceType<LimitRange> = {
  ...core,
  resource: "limitranges",
  kind: "LimitRange",
  namespaced: true,
};
export const Namespaces: ResourceType<Namespace> = {
  ...core,
  resource: "namespaces",
  kind: "Namespace",
  namespaced: false,
};
export const Nodes: ResourceType<Node> = { ...core, resource: "nodes", kind: "Node", namespaced: false };
export const PersistentVolumeClaims: ResourceType<PersistentVolumeClaim> = {
  ...core,
  resource: "persistentvolumeclaims",
  kind: "PersistentVolumeClaim",
  namespaced: true,
};
export const PersistentVolumes: ResourceType<PersistentVolume> = {
  ...core,
  resource: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};
export const Pods: ResourceType<Pod> = { ...core, resource: "pods", kind: "Pod", namespaced: true };
export const PodTemplates: ResourceType<PodTemplate> = {
  ...core,
  resource: "podtemplates",
  kind: "PodTemplate",
  namespaced: true,
};
export const ReplicationControllers: ResourceType<ReplicationController> = {
  ...core,
  resource: "replicationcontrollers",
  kind: "ReplicationController",
  namespaced: true,
};
export const ResourceQuotas: ResourceType<ResourceQuota> = {
  ...core,
  resource: "resourcequotas",
  kind: "ResourceQuota",
  namespaced: true,
};
export const Secrets: ResourceType<Secret> = {
  ...core,
  resource: "secrets",
  kind: "Secret",
  namespaced: true,
};
export const ServiceAccounts: ResourceType<ServiceAccount> = {
  ...core,
  resource: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
};
export const Services: ResourceType<Service> = {
  ...core,
  resource: "services",
  kind: "Service",
  namespaced: true,
};

export const ControllerRevisions: ResourceType<ControllerRevision> = {
  ...apps,
  resource: "controllerrevisions",
  kind: "ControllerRevision",
  namespaced: true,
};
export const DaemonSets: ResourceType<DaemonSet> = {
  ...apps,
  resource: "daemonsets",
  kind: "DaemonSet",
  namespaced: true,
};
export const Deployments: ResourceType<Deployment> = {
  ...apps,
  resource: "deployments",
  kind: "Deployment",
  namespaced: true,
};
export const ReplicaSets: ResourceType<ReplicaSet> = {
  ...apps,
  resource: "replicasets",
  kind: "ReplicaSet",
  namespaced: true,
};
export const StatefulSets: ResourceType<StatefulSet> = {
  ...apps,
  resource: "statefulsets",
  kind: "StatefulSet",
  namespaced: true,
};

export const CronJobs: ResourceType<CronJob> = {
  ...batch,
  resource: "cronjobs",
  kind: "CronJob",
  namespaced: true,
};
export const Jobs: ResourceType<Job> = { ...batch, resource: "jobs", kind: "Job", namespaced: true };

export const HorizontalPodAutoscalers: ResourceType<HorizontalPodAutoscaler> = {
  group: "autoscaling",
  version: "v2",
  resource: "horizontalpodautoscalers",
  kind: "HorizontalPodAutoscaler",
  namespaced: true,
};
export const Leases: ResourceType<Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  resource: "leases",
  kind: "Lease",
  namespaced: true,
};
export const EndpointSlices: ResourceType<EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  resource: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
};
export const PodDisruptionBudgets: ResourceType<PodDisruptionBudget> = {
  group: "policy",
  version: "v1",
  resource: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
};
export const PriorityClasses: ResourceType<PriorityClass> = {
  group: "scheduling.k8s.io",
  version: "v1",
  resource: "priorityclasses",
  kind: "PriorityClass",
  namespaced: false,
};
export const StorageClasses: ResourceType<StorageClass> = {
  group: "storage.k8s.io",
  version: "v1",
  resource: "storageclasses",
  kind: "StorageClass",
  namespaced: false,
};

export const Ingresses: ResourceType<Ingress> = {
  ...networking,
  resource: "ingresses",
  kind: "Ingress",
  namespaced: true,
};
export const IngressClasses: ResourceType<IngressClass> = {
  ...networking,
  resource: "ingressclasses",
  kind: "IngressClass",
  namespaced: false,
};
export const NetworkPolicies: ResourceType<NetworkPolicy> = {
  ...networking,
  resource: "networkpolicies",
  kind: "NetworkPolicy",
  namespaced: true,
};

export const ClusterRoleBindings: ResourceType<ClusterRoleBinding> = {
  ...rbac,
  resource: "clusterrolebindings",
  kind: "ClusterRoleBinding",
  namespaced: false,
};
export const ClusterRoles: ResourceType<ClusterRole> = {
  ...rbac,
  resource: "clusterroles",
  kind: "ClusterRole",
  namespaced: false,
};
export const RoleBindings: ResourceType<RoleBinding> = {
  ...rbac,
  resource: "rolebindings",
  kind: "RoleBinding",
  namespaced: true,
};
export const Roles: ResourceType<Role> = { ...rbac, resource: "roles", kind: "Role", namespaced: true };

export const CustomResourceDefinitions: ResourceType<CustomResourceDefinition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

export type {
  DeploymentSpec,
  DeploymentStatus,
  ReplicaSetSpec,
  ReplicaSetStatus,
} from "kubernetes-types/apps/v1.d.ts";
export type {
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  EndpointPort,
  EnvVar,
  HTTPGetAction,
  LifecycleHandler,
  ObjectReference,
  PodCondition,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
  SecurityContext,
  ServicePort,
  Taint,
  Toleration,
  Volume,
  VolumeMount,
} from "kubernetes-types/core/v1.d.ts";
export type { Endpoint } from "kubernetes-types/discovery/v1.d.ts";
export type { HTTPIngressPath, IngressRule, IngressSpec } from "kubernetes-types/networking/v1.d.ts";
export type { PolicyRule, RoleRef, Subject } from "kubernetes-types/rbac/v1.d.ts";
export type {
  Binding,
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  ControllerRevision,
  CronJob,
  CustomResourceDefinition,
  DaemonSet,
  Deployment,
  EndpointSlice,
  EndpointsObject,
  Event,
  HorizontalPodAutoscaler,
  Ingress,
  IngressClass,
  Job,
  Lease,
  LimitRange,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
};
