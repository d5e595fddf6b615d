import type { Deployment, ReplicaSet } from "@jdos/api";
import type { Stored } from "@jdos/client";

export const REVISION = "deployment.kubernetes.io/revision";
export const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/** Annotations of a Deployment that do not travel to its ReplicaSets. */
const OWN_ANNOTATIONS = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  "deprecated.deployment.rollback.to",
]);

type Annotations = Readonly<Record<string, string>>;

export function revisionOf(object: { readonly metadata: { readonly annotations?: Annotations } }): number {
  return Number(object.metadata.annotations?.[REVISION] ?? 0) || 0;
}

export function maxRevision(sets: readonly Stored<ReplicaSet>[]): number {
  return Math.max(0, ...sets.map(revisionOf));
}

/**
 * The annotations of the newest ReplicaSet: the Deployment's (the change cause among them), its revision, and the
 * revisions it has had before. kubectl's rollout history and undo read these.
 */
export function newSetAnnotations(
  deployment: Stored<Deployment>,
  current: Annotations | undefined,
  revision: number,
): Record<string, string> {
  const annotations: Record<string, string> = { ...current };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!OWN_ANNOTATIONS.has(key)) annotations[key] = value;
  }
  const before = Number(current?.[REVISION] ?? 0) || 0;
  if (before >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (before > 0)
    annotations[REVISION_HISTORY] = [current?.[REVISION_HISTORY], before].filter(Boolean).join(",");
  return annotations;
}

/** What a scale of the Deployment is later measured against. */
export function replicasAnnotations(desired: number, max: number): Record<string, string> {
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(max) };
}

/** The number in an annotation, if there is one. */
export function annotatedNumber(set: Stored<ReplicaSet>, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation];
  const value = Number(text);
  return text === undefined || !Number.isInteger(value) ? undefined : value;
}
