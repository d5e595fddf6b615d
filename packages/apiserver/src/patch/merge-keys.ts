/**
 * How strategic merge patches treat the lists of Kubernetes' own Kinds, by the name of the field: the API gives a
 * field of one name the same strategy wherever it stands, but for those in BY_PARENT.
 * Source: patchStrategy and patchMergeKey of the Kubernetes API types.
 */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  ephemeralContainers: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  volumeDevices: "devicePath",
  env: "name",
  hostAliases: "ip",
  topologySpreadConstraints: "topologyKey",
  schedulingGates: "name",
  resourceClaims: "name",
  resourceClaimStatuses: "name",
  conditions: "type",
  hostIPs: "ip",
  podIPs: "ip",
  ownerReferences: "uid",
  secrets: "name",
  webhooks: "name",
};

const BY_PARENT: Readonly<Record<string, string>> = {
  "containers/ports": "containerPort",
  "initContainers/ports": "containerPort",
  "ephemeralContainers/ports": "containerPort",
  "spec/imagePullSecrets": "name",
  "spec/ports": "port",
  "status/addresses": "type",
};

/** Lists of primitives that are merged as sets. */
const SETS: ReadonlySet<string> = new Set(["metadata/finalizers", "spec/podCIDRs"]);

/** The key that identifies an item of a list; undefined: the list is replaced as a whole. */
export function mergeKeyOf(parent: string, field: string): string | undefined {
  return BY_PARENT[`${parent}/${field}`] ?? MERGE_KEYS[field];
}

export function isMergedSet(parent: string, field: string): boolean {
  return SETS.has(`${parent}/${field}`);
}
