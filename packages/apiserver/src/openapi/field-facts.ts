/**
 * What TypeScript's declarations do not say of fields of the Kubernetes API. Written by hand.
 * Source: the Kubernetes API reference (patch strategy, list type, format).
 */

/** Lists merged item by item: definition and field -> the key that identifies an item; "" for a set of values. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  "PodSpec.containers": ["name"],
  "PodSpec.initContainers": ["name"],
  "PodSpec.ephemeralContainers": ["name"],
  "PodSpec.volumes": ["name"],
  "PodSpec.imagePullSecrets": ["name"],
  "PodSpec.hostAliases": ["ip"],
  "PodSpec.topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"],
  "PodSpec.schedulingGates": ["name"],
  "PodSpec.resourceClaims": ["name"],
  "PodStatus.conditions": ["type"],
  "PodStatus.podIPs": ["ip"],
  "PodStatus.hostIPs": ["ip"],
  "Container.env": ["name"],
  "Container.volumeMounts": ["mountPath"],
  "Container.volumeDevices": ["devicePath"],
  "Container.ports": ["containerPort", "protocol"],
  "EphemeralContainer.env": ["name"],
  "EphemeralContainer.volumeMounts": ["mountPath"],
  "EphemeralContainer.volumeDevices": ["devicePath"],
  "EphemeralContainer.ports": ["containerPort", "protocol"],
  "ResourceRequirements.claims": ["name"],
  "ServiceSpec.ports": ["port", "protocol"],
  "ServiceStatus.conditions": ["type"],
  "ServiceAccount.secrets": ["name"],
  "NodeSpec.taints": ["key", "effect"],
  "NodeStatus.addresses": ["type"],
  "NodeStatus.conditions": ["type"],
  "NamespaceStatus.conditions": ["type"],
  "PersistentVolumeClaimStatus.conditions": ["type"],
  "ReplicationControllerStatus.conditions": ["type"],
  "DeploymentStatus.conditions": ["type"],
  "ReplicaSetStatus.conditions": ["type"],
  "StatefulSetStatus.conditions": ["type"],
  "DaemonSetStatus.conditions": ["type"],
  "JobStatus.conditions": ["type"],
  "PodDisruptionBudgetStatus.conditions": ["type"],
  "HorizontalPodAutoscalerStatus.conditions": ["type"],
  "CustomResourceDefinitionStatus.conditions": ["type"],
  "ObjectMeta.ownerReferences": ["uid"],
  "ObjectMeta.finalizers": [],
};

/** Lists of values without order, and lists that are always replaced whole. */
const LIST_TYPES: Readonly<Record<string, "set" | "atomic">> = {
  "ObjectMeta.finalizers": "set",
  "Container.command": "atomic",
  "Container.args": "atomic",
  "Container.envFrom": "atomic",
  "PodSpec.tolerations": "atomic",
  "LabelSelector.matchExpressions": "atomic",
  "LabelSelectorRequirement.values": "atomic",
  "IngressSpec.rules": "atomic",
  "IngressSpec.tls": "atomic",
  "HTTPIngressRuleValue.paths": "atomic",
};

/** Of these the first strategy is only "retainKeys" or has it besides. */
const RETAIN_KEYS: ReadonlySet<string> = new Set(["PodSpec.volumes", "DeploymentSpec.strategy"]);

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

export function isBytes(definition: string, field: string): boolean {
  return BYTES.has(keyOf(definition, field));
}

export function emptyCounts(definition: string, field: string): boolean {
  return EMPTY_COUNTS.has(keyOf(definition, field));
}

/** The x-kubernetes-* extensions of a field that say how lists are merged. */
export function mergeExtensions(definition: string, field: string): Record<string, unknown> {
  const key = keyOf(definition, field);
  const retain = RETAIN_KEYS.has(key);
  const keys = LIST_KEYS[key];
  if (keys === undefined) {
    const type = LIST_TYPES[key];
    return {
      ...(type === undefined ? {} : { "x-kubernetes-list-type": type }),
      ...(retain ? { "x-kubernetes-patch-strategy": "retainKeys" } : {}),
    };
  }
  const strategy = { "x-kubernetes-patch-strategy": retain ? "merge,retainKeys" : "merge" };
  if (keys.length === 0) return { "x-kubernetes-list-type": "set", ...strategy };
  return {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": keys,
    "x-kubernetes-patch-merge-key": keys[0],
    ...strategy,
  };
}
