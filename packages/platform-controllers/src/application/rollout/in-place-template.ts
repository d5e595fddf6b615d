import { type Deployment, type PodTemplateSpec, RELEASE_LABEL, type ReplicaSet } from "@jdos/api";
import { controllerOf, type DeepReadonly } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { RolloutWorld } from "./rollout-world.ts";

type Template = DeepReadonly<PodTemplateSpec>;

/** The Deployment controller's own label of a ReplicaSet's template. */
const HASH_LABEL = "pod-template-hash";
const IN_PLACE = new Set([`metadata.labels.${RELEASE_LABEL}`, "spec.containers.0.image"]);

/** The ReplicaSet that makes Pods of the own Deployment's template; undefined where none does, or none was read. */
export function activeReplicaSet({ own, replicaSets }: RolloutWorld): Stored<ReplicaSet> | undefined {
  return replicaSets.find((set) => isActive(set) && own !== undefined && differing(set, own).length === 0);
}

export function isActive({ spec, status }: Stored<ReplicaSet>): boolean {
  return (spec?.replicas ?? 1) > 0 || (status?.replicas ?? 0) > 0;
}

export function isOwnedBy(object: { metadata: Stored<ReplicaSet>["metadata"] }, uid: string): boolean {
  return controllerOf(object)?.uid === uid;
}

/** Members of the templates, by their paths, that are not the same; none: the Deployment's controller takes it for its own. */
export function differing(set: Stored<ReplicaSet>, deployment: Stored<Deployment>): string[] {
  return [...differences(withoutHash(set.spec?.template), deployment.spec?.template)];
}

/** As differing(), without what may be changed in a Pod that is there: in the words of a Pod's specification. */
export function differingForGood(set: Stored<ReplicaSet>, deployment: Stored<Deployment>): string[] {
  const paths = differing(set, deployment).filter((path) => !IN_PLACE.has(path));
  return [
    ...new Set(paths.map((path) => path.replace(/^spec\.(containers\.\d+\.)?/, "").split(".")[0] ?? path)),
  ];
}

function withoutHash(template: Template | undefined): Template | undefined {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** What is null is not there. */
function* differences(a: unknown, b: unknown, path: readonly string[] = []): Generator<string> {
  if (a === b || (a ?? undefined) === (b ?? undefined)) return;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) yield path.join(".");
  else {
    const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
      yield* differences(left[key], right[key], [...path, key]);
  }
}
