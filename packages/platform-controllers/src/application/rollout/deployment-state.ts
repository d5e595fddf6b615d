import { type Deployment, RELEASE_LABEL, type Release } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { podsNumber } from "./rollout-world.ts";

/** Whether a Deployment is rendered from the Pods of this Release. */
export function isOf(deployment: Stored<Deployment> | undefined, release: Stored<Release>): boolean {
  return deployment?.spec?.template.metadata?.labels?.[RELEASE_LABEL] === String(podsNumber(release));
}

/** Whether it has as many Pods as it wants, all of its template and available, as its controller saw it. */
export function isComplete(deployment: Stored<Deployment> | undefined): boolean {
  if (deployment === undefined || !isSeen(deployment)) return false;
  const wanted = deployment.spec?.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = deployment.status ?? {};
  return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
}

/** Why it made no progress within its deadline; undefined while it may. */
export function stalledMessage(deployment: Stored<Deployment> | undefined): string | undefined {
  if (deployment === undefined || !isSeen(deployment) || isComplete(deployment)) return undefined;
  const progressing = findCondition(deployment.status?.conditions, "Progressing");
  return progressing?.reason === "ProgressDeadlineExceeded"
    ? `it did not get ready in ${deployment.spec?.progressDeadlineSeconds ?? 600} s`
    : undefined;
}

/** Whether its controller has seen it as it is. */
export function isSeen({ metadata, status }: Stored<Deployment>): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}
