import { type Pod, Pods } from "@jdos/api";
import { findCondition, formatTime, isStatus, keyOf } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

export interface NotScheduled {
  reason: "Unschedulable";
  message: string;
  /** Where room is being made for the Pod. */
  nominatedNodeName?: string;
  now: Date;
}

/** Says in the Pod's status why it has no node; written only when that is new. A Pod that is gone or newer is fine. */
export async function reportNotScheduled(
  client: Client,
  pod: Stored<Pod>,
  report: NotScheduled,
): Promise<void> {
  const { reason, message, nominatedNodeName = pod.status?.nominatedNodeName, now } = report;
  const old = findCondition(pod.status?.conditions, "PodScheduled");
  const waited = old?.status === "False";
  const same = waited && old.reason === reason && old.message === message;
  if (same && nominatedNodeName === pod.status?.nominatedNodeName) return;
  const lastTransitionTime = waited ? old.lastTransitionTime : formatTime(now);
  const condition = { type: "PodScheduled", status: "False", reason, message, lastTransitionTime };
  const status = {
    conditions: [condition],
    ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
  };
  const body = { metadata: { uid: pod.metadata.uid }, status };
  try {
    await client.patch(Pods, keyOf(pod), { type: "strategic", body }, { subresource: "status" });
  } catch (error) {
    if (!isStatus(error, "NotFound", "Conflict")) throw error;
  }
}
