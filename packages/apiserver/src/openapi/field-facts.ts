/**
 * What TypeScript's declarations do not say of fields of the Kubernetes API. Written by hand.
 * Source: the Kubernetes API reference (patch strategy, list type, format).
 */

/** How a list is merged: by server-side apply, and by strategic merge patches. */
interface ListFact {
  readonly type: "map" | "set" | "atomic";
  /** What identifies an item of a map. */
  readonly keys?: readonly string[];
  /** What identifies an item in a strategic merge patch; "" merges plain values; absent, the list is replaced. */
  readonly patchKey?: string;
}

const byName: ListFact = { type: "map", keys: ["name"], patchKey: "name" };
const byType: ListFact = { type: "map", keys: ["type"], patchKey: "type" };
const byMountPath: ListFact = { type: "map", keys: ["mountPath"], patchKey: "mountPath" };
const byDevicePath: ListFact = { type: "map", keys: ["devicePath"], patchKey: "devicePath" };
const byContainerPort: ListFact = {
  type: "map",
  keys: ["containerPort", "protocol"],
  patchKey: "containerPort",
};
const set: ListFact = { type: "set" };
const atomic: ListFact = { type: "atomic" };

/** Lists that are not simply replaced, by definition and field. */
const LISTS: Readonly<Record<string, ListFact>> = {
  "Container.env": byName,
  "Container.ports": byContainerPort,
  "Container.volumeDevices": byDevicePath,
  "Container.volumeMounts": byMountPath,
  "ContainerStatus.volumeMounts": byMountPath,
  "CustomResourceDefinitionStatus.conditions": { type: "map", keys: ["type"] },
  "DaemonSetStatus.conditions": byType,
  "DeploymentStatus.conditions": byType,
  "Endpoint.addresses": set,
  "EphemeralContainer.env": byName,
  "EphemeralContainer.ports": byContainerPort,
  "EphemeralContainer.volumeDevices": byDevicePath,
  "EphemeralContainer.volumeMounts": byMountPath,
  "HorizontalPodAutoscalerStatus.conditions": byType,
  "JobStatus.conditions": { type: "atomic", patchKey: "type" },
  "NamespaceStatus.conditions": byType,
  "NodeSpec.podCIDRs": { type: "set", patchKey: "" },
  "NodeStatus.addresses": byType,
  "NodeStatus.conditions": byType,
  "ObjectMeta.finalizers": { type: "set", patchKey: "" },
  "ObjectMeta.ownerReferences": { type: "map", keys: ["uid"], patchKey: "uid" },
  "PersistentVolumeClaimStatus.conditions": byType,
  "PodDisruptionBudgetStatus.conditions": byType,
  "PodFailurePolicyOnExitCodesRequirement.values": set,
  "PodSpec.containers": byName,
  "PodSpec.ephemeralContainers": byName,
  "PodSpec.hostAliases": { type: "map", keys: ["ip"], patchKey: "ip" },
  "PodSpec.imagePullSecrets": byName,
  "PodSpec.initContainers": byName,
  "PodSpec.resourceClaims": byName,
  "PodSpec.schedulingGates": byName,
  "PodSpec.topologySpreadConstraints": {
    type: "map",
    keys: ["topologyKey", "whenUnsatisfiable"],
    patchKey: "topologyKey",
  },
  "PodSpec.volumes": byName,
  "PodStatus.conditions": byType,
  "PodStatus.hostIPs": { type: "atomic", patchKey: "ip" },
  "PodStatus.podIPs": { type: "map", keys: ["ip"], patchKey: "ip" },
  "PodStatus.resourceClaimStatuses": byName,
  "ReplicaSetStatus.conditions": byType,
  "ReplicationControllerStatus.conditions": byType,
  "ResourceRequirements.claims": { type: "map", keys: ["name"] },
  "ServiceAccount.secrets": byName,
  "ServiceSpec.ports": { type: "map", keys: ["port", "protocol"], patchKey: "port" },
  "ServiceStatus.conditions": byType,
  "StatefulSetStatus.conditions": byType,
  "UncountedTerminatedPods.failed": set,
  "UncountedTerminatedPods.succeeded": set,
};

/** Of these a patch also says which members stay. */
const RETAIN_KEYS: ReadonlySet<string> = new Set([
  "DeploymentSpec.strategy",
  "PodSpec.resourceClaims",
  "PodSpec.volumes",
  "PodStatus.resourceClaimStatuses",
]);

/** Maps that have one owner as a whole. */
const ATOMIC_MAPS: ReadonlySet<string> = new Set([
  "PodSpec.nodeSelector",
  "ReplicationControllerSpec.selector",
  "ServiceSpec.selector",
]);

/** Objects that have one owner as a whole. */
const ATOMIC_OBJECTS: ReadonlySet<string> = new Set([
  "ConfigMapKeySelector",
  "CrossVersionObjectReference",
  "EndpointAddress",
  "EndpointPort",
  "LabelSelector",
  "LocalObjectReference",
  "NodeSelector",
  "NodeSelectorTerm",
  "ObjectFieldSelector",
  "ObjectReference",
  "OwnerReference",
  "ResourceFieldSelector",
  "RoleRef",
  "ScopeSelector",
  "SecretKeySelector",
  "SecretReference",
  "ServiceBackendPort",
  "Subject",
  "TopologySelectorTerm",
  "TypedLocalObjectReference",
]);

/** Fields of 64 bits; all other whole numbers have 32. */
const INT64: ReadonlySet<string> = new Set([
  "activeDeadlineSeconds",
  "deletionGracePeriodSeconds",
  "expirationSeconds",
  "fsGroup",
  "generation",
  "gracePeriodSeconds",
  "maxItems",
  "maxLength",
  "maxProperties",
  "minItems",
  "minLength",
  "minProperties",
  "observedGeneration",
  "remainingItemCount",
  "revision",
  "runAsGroup",
  "runAsUser",
  "sizeBytes",
  "supplementalGroups",
  "terminationGracePeriodSeconds",
  "tolerationSeconds",
]);

/** Bytes, written in base64. */
const BYTES: ReadonlySet<string> = new Set([
  "ConfigMap.binaryData",
  "Secret.data",
  "WebhookClientConfig.caBundle",
]);

/** Optional strings for which "" says something else than nothing. */
const EMPTY_COUNTS: ReadonlySet<string> = new Set([
  "EndpointPort.name",
  "GRPCAction.service",
  "HostPathVolumeSource.type",
  "IngressSpec.ingressClassName",
  "PersistentVolumeClaimSpec.storageClassName",
  "PersistentVolumeClaimSpec.volumeName",
  "PersistentVolumeSpec.storageClassName",
  "LeaseSpec.holderIdentity",
]);

function keyOf(definition: string, field: string): string {
  return `${definition.slice(definition.lastIndexOf(".") + 1)}.${field}`;
}

export function formatOfInteger(field: string): "int32" | "int64" {
  return INT64.has(field) ? "int64" : "int32";
}

/** Asked of every string of every write: most are told by the field alone. */
const BYTES_FIELDS: ReadonlySet<string> = new Set([...BYTES].map((key) => key.slice(key.indexOf(".") + 1)));

export function isBytes(definition: string, field: string): boolean {
  return BYTES_FIELDS.has(field) && BYTES.has(keyOf(definition, field));
}

export function emptyCounts(definition: string, field: string): boolean {
  return EMPTY_COUNTS.has(keyOf(definition, field));
}

/** The x-kubernetes-* extensions of a list or map that say how it is merged. */
export function mergeExtensions(definition: string, field: string, kind: string): Record<string, unknown> {
  const key = keyOf(definition, field);
  const retain = RETAIN_KEYS.has(key);
  if (ATOMIC_MAPS.has(key)) return { "x-kubernetes-map-type": "atomic" };
  if (kind !== "list") return retain ? { "x-kubernetes-patch-strategy": "retainKeys" } : {};
  const { type, keys, patchKey } = LISTS[key] ?? atomic;
  return {
    "x-kubernetes-list-type": type,
    ...(keys === undefined ? {} : { "x-kubernetes-list-map-keys": keys }),
    ...(patchKey ? { "x-kubernetes-patch-merge-key": patchKey } : {}),
    ...(patchKey === undefined
      ? {}
      : { "x-kubernetes-patch-strategy": retain ? "merge,retainKeys" : "merge" }),
  };
}

/** The extension of a definition whose objects are merged as a whole. */
export function objectExtensions(definition: string): Record<string, unknown> {
  const name = definition.slice(definition.lastIndexOf(".") + 1);
  return ATOMIC_OBJECTS.has(name) ? { "x-kubernetes-map-type": "atomic" } : {};
}
