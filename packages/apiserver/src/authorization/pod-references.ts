import type { Pod } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";

type Spec = NonNullable<DeepReadonly<Pod>["spec"]>;

/** What a Pod's node must read to run it, as "secrets/namespace/name". */
export function referencesOf({ metadata, spec }: DeepReadonly<Pod>): ReadonlySet<string> {
  const references = new Set<string>();
  const namespace = metadata?.namespace ?? "";
  const add = (resource: string, name: string | undefined) => {
    if (name !== undefined && name !== "") references.add(`${resource}/${namespace}/${name}`);
  };
  if (spec === undefined) return references;
  for (const { name } of spec.imagePullSecrets ?? []) add("secrets", name);
  add("serviceaccounts", spec.serviceAccountName);
  addVolumes(spec, add);
  addEnvironment(spec, add);
  return references;
}

type Add = (resource: string, name: string | undefined) => void;

function addVolumes({ volumes = [] }: Spec, add: Add): void {
  for (const { secret, configMap, projected, persistentVolumeClaim } of volumes) {
    add("secrets", secret?.secretName);
    add("configmaps", configMap?.name);
    add("persistentvolumeclaims", persistentVolumeClaim?.claimName);
    for (const source of projected?.sources ?? []) {
      add("secrets", source.secret?.name);
      add("configmaps", source.configMap?.name);
    }
  }
}

function addEnvironment(
  { containers = [], initContainers = [], ephemeralContainers = [] }: Spec,
  add: Add,
): void {
  for (const { env = [], envFrom = [] } of [...containers, ...initContainers, ...ephemeralContainers]) {
    for (const { valueFrom } of env) {
      add("secrets", valueFrom?.secretKeyRef?.name);
      add("configmaps", valueFrom?.configMapKeyRef?.name);
    }
    for (const { secretRef, configMapRef } of envFrom) {
      add("secrets", secretRef?.name);
      add("configmaps", configMapRef?.name);
    }
  }
}
