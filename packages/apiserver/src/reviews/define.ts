import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import type { Review } from "../registry/catalog.ts";
import type { Strategy } from "../registry/strategy.ts";

/** A resource that is asked and not stored. */
export interface ReviewResource {
  readonly strategy: Strategy;
  readonly review: Review;
}

export function defineReview(
  group: string,
  kind: string,
  options: { namespaced?: boolean; review: Review },
): ReviewResource {
  const type: ResourceType = {
    group,
    version: "v1",
    resource: `${kind.toLowerCase()}s`,
    kind,
    namespaced: options.namespaced ?? false,
  };
  return {
    strategy: { type, singular: kind.toLowerCase(), subresources: [], columns: [] },
    review: options.review,
  };
}

/** The answer: what was asked, with a status. */
export function answered(body: KubeObject, group: string, kind: string, status: object): KubeObject {
  const { spec } = body as { spec?: unknown };
  return {
    kind,
    apiVersion: `${group}/v1`,
    metadata: { creationTimestamp: null },
    ...(spec === undefined ? {} : { spec }),
    status,
  } as unknown as KubeObject;
}
