/**
 * How a Pod is given another image in place: platform-controllers write it on the Pod, platform-api reads by it what
 * became of the new image.
 * @module
 */

import type { DeepReadonly } from "@jdos/apimachinery";
import type { ContainerStatus } from "../kubernetes.ts";

/** Readiness gate of Pods that are changed in place: "True" while requests may go there. Set by platform-controllers. */
export const SERVING_GATE = "jdos.io/serving";

/** Annotation of a Pod whose image was changed: an ImageChange as JSON. Written together with the image. */
export const IMAGE_CHANGED_ANNOTATION = "jdos.io/image-changed";

export interface ImageChange {
  /** When, in RFC 3339. */
  at: string;
  /** The container of the image before, as its status names it; "" where none had started. */
  container: string;
  /** The container's restartCount at the first start from the new image. */
  restarts: number;
}

interface ChangedPod {
  readonly metadata: { readonly annotations?: { readonly [name: string]: string } };
}

/** The last change of a Pod's image; undefined of a Pod that has the image it was made with. */
export function imageChangeOf({ metadata }: ChangedPod): ImageChange | undefined {
  const text = metadata.annotations?.[IMAGE_CHANGED_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const { at, container, restarts } = JSON.parse(text) as Partial<ImageChange>;
    if (typeof at !== "string" || Number.isNaN(Date.parse(at))) return undefined;
    return { at, container: String(container ?? ""), restarts: Number(restarts ?? 0) };
  } catch {
    return undefined;
  }
}

/** How often a container was restarted since its Pod has its image; below zero before its first start from it. */
export function restartsOf(pod: ChangedPod, { restartCount }: { readonly restartCount: number }): number {
  return restartCount - (imageChangeOf(pod)?.restarts ?? 0);
}

type Ended = NonNullable<NonNullable<ContainerStatus["lastState"]>["terminated"]>;

/** How a container of the Pod's image ended last; undefined where what ended was of the image before. */
export function lastEndOf(
  pod: ChangedPod,
  status: Pick<DeepReadonly<ContainerStatus>, "restartCount" | "state" | "lastState">,
): DeepReadonly<Ended> | undefined {
  const restarts = restartsOf(pod, status);
  const isFirst = restarts === 0 && imageChangeOf(pod) !== undefined;
  if (restarts < 0 || (isFirst && status.state?.running !== undefined)) return undefined;
  return status.state?.terminated ?? status.lastState?.terminated;
}
