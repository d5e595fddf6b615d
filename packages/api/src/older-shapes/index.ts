/**
 * Kinds that Kubernetes 1.20 serves in a version before the one the platform speaks, and how the two say the same.
 * The client alone reads this: everybody else sees and writes the newest shape.
 * @module
 */
import { apiVersionOf, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import { cronJob } from "./cronjob.ts";
import { endpointSlice } from "./endpointslice.ts";
import { horizontalPodAutoscaler } from "./horizontalpodautoscaler.ts";
import type { ShapedKind } from "./older-shape.ts";
import { podDisruptionBudget } from "./poddisruptionbudget.ts";

export type { Content, OlderShape, ShapedKind } from "./older-shape.ts";

const BY_RESOURCE: ReadonlyMap<string, ShapedKind> = new Map(
  [cronJob, endpointSlice, horizontalPodAutoscaler, podDisruptionBudget].map((kind) => [
    kind.type.resource,
    kind,
  ]),
);

/** The Kind's older shapes; undefined when every cluster serves it as it is. */
export function shapedKind(type: ResourceType): ShapedKind | undefined {
  const found = BY_RESOURCE.get(type.resource);
  return found?.type.version === type.version && found.type.group === type.group ? found : undefined;
}

/** The same for an object of the newest version by its own words. */
export function shapedKindOf({
  apiVersion,
  kind,
}: Pick<KubeObject, "apiVersion" | "kind">): ShapedKind | undefined {
  return [...BY_RESOURCE.values()].find(
    ({ type }) => type.kind === kind && apiVersionOf(type) === apiVersion,
  );
}

const BODIES: ReadonlyMap<string, readonly string[]> = new Map([
  ["Eviction", ["policy/v1", "policy/v1beta1"]],
]);

/** Versions in which clusters take an object that is sent to a subresource; empty when all take the one it has. */
export function bodyVersions({ kind = "", apiVersion }: KubeObject): readonly string[] {
  const versions = BODIES.get(kind);
  return versions !== undefined && versions[0] === apiVersion ? versions : [];
}
