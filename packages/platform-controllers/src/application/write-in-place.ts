import {
  type Deployment,
  IMAGE_CHANGED_ANNOTATION,
  type ImageChange,
  type Pod,
  Pods,
  type PodTemplateSpec,
  RELEASE_LABEL,
  type ReplicaSet,
  ReplicaSets,
  SERVING_GATE,
} from "@jdos/api";
import { type DeepReadonly, formatTime, isStatus, keyOf } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { PodStep } from "./rollout/rollout-world.ts";

/** Gives a ReplicaSet what the Deployment's template has of its own: the image and the Release. */
export async function adoptTemplate(
  client: Client,
  set: Stored<ReplicaSet>,
  { spec }: Stored<Deployment>,
): Promise<void> {
  const { resourceVersion } = set.metadata;
  const body = { metadata: { resourceVersion }, spec: { template: imageAndRelease(spec?.template) } };
  await client.patch(ReplicaSets, keyOf(set), { type: "strategic", body });
}

/**
 * Does what a plan says with one Pod as it was seen: one that changed meanwhile is a Conflict, one that is gone is nothing
 * to do any more.
 */
export async function takePodStep(client: Client, step: PodStep, now: Date): Promise<void> {
  try {
    if (step.action === "change") await changeImage(client, step, now);
    else await setGate(client, step, now);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

/** The image, the Release and the note of what ran before in one write: none of them is ever there without the others. */
async function changeImage(
  client: Client,
  { pod, to }: Extract<PodStep, { action: "change" }>,
  now: Date,
): Promise<void> {
  const { metadata, spec } = imageAndRelease(to.spec?.template);
  const annotations = { [IMAGE_CHANGED_ANNOTATION]: JSON.stringify(changeOf(pod, now)) };
  const { resourceVersion } = pod.metadata;
  const body = { metadata: { ...metadata, resourceVersion, annotations }, spec };
  await client.patch(Pods, keyOf(pod), { type: "strategic", body });
}

function changeOf({ spec, status }: Stored<Pod>, now: Date): ImageChange {
  const name = spec?.containers[0]?.name;
  const seen = status?.containerStatuses?.find((container) => container.name === name);
  const container = seen?.containerID ?? "";
  return { at: formatTime(now), container, restarts: container === "" ? 0 : (seen?.restartCount ?? 0) + 1 };
}

async function setGate(client: Client, { action, pod }: PodStep, now: Date): Promise<void> {
  const said =
    action === "open"
      ? { status: "True", reason: "Serves" }
      : {
          status: "False",
          reason: "ImageChanges",
          message: "Requests go elsewhere while its image is changed",
        };
  const conditions = [{ type: SERVING_GATE, message: "", ...said, lastTransitionTime: formatTime(now) }];
  const { resourceVersion } = pod.metadata;
  const body = { metadata: { resourceVersion }, status: { conditions } };
  await client.patch(Pods, keyOf(pod), { type: "strategic", body }, { subresource: "status" });
}

/** What of a template may be given to a Pod that is there. */
function imageAndRelease({ metadata, spec }: Partial<DeepReadonly<PodTemplateSpec>> = {}) {
  const containers = (spec?.containers ?? []).slice(0, 1).map(({ name, image }) => ({ name, image }));
  return {
    metadata: { labels: { [RELEASE_LABEL]: metadata?.labels?.[RELEASE_LABEL] } },
    spec: { containers },
  };
}
