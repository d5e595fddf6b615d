import type { Job, Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isPodTerminal } from "../pod/pod-state.ts";
import { formatIndexes, parseIndexes } from "./indexes.ts";

/** Held by a Job's Pods until they are counted, so that none is lost or counted twice. */
export const TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking";
export const INDEX_ANNOTATION = "batch.kubernetes.io/job-completion-index";

/** How a Job's Pods ended, so far. */
export interface Tally {
  succeeded: number;
  failed: number;
  /** Uids that are written down and whose finalizer is not seen gone yet: they count, once they are flushed. */
  uncounted: { succeeded: string[]; failed: string[] };
  completedIndexes: Set<number>;
}

export function hasTrackingFinalizer(pod: Stored<Pod>): boolean {
  return pod.metadata.finalizers?.includes(TRACKING_FINALIZER) === true;
}

/** A Pod that is deleted before it succeeded has failed. */
export function isPodFailed(pod: Stored<Pod>): boolean {
  return (
    pod.status?.phase === "Failed" || (!isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined)
  );
}

/**
 * The tally after one more look at the Pods. Counting takes three writes that may each be the last before a kill:
 * the uid is written to uncountedTerminatedPods, then the Pod's finalizer goes, then the uid turns into a number.
 */
export function count(job: Stored<Job>, pods: readonly Stored<Pod>[]): Tally {
  const { status } = job;
  const tracked = new Map(pods.filter(hasTrackingFinalizer).map((pod) => [pod.metadata.uid, pod]));
  const written = status?.uncountedTerminatedPods;
  const stillTracked = (uid: string): boolean => tracked.has(uid);
  const uncounted = {
    succeeded: (written?.succeeded ?? []).filter(stillTracked),
    failed: (written?.failed ?? []).filter(stillTracked),
  };
  const tally: Tally = {
    succeeded: (status?.succeeded ?? 0) + (written?.succeeded?.length ?? 0) - uncounted.succeeded.length,
    failed: (status?.failed ?? 0) + (written?.failed?.length ?? 0) - uncounted.failed.length,
    uncounted,
    completedIndexes: parseIndexes(status?.completedIndexes),
  };
  const known = new Set([...uncounted.succeeded, ...uncounted.failed]);
  for (const pod of tracked.values()) {
    if (known.has(pod.metadata.uid)) continue;
    if (pod.status?.phase === "Succeeded") addSuccess(tally, pod, job);
    else if (isPodFailed(pod)) uncounted.failed.push(pod.metadata.uid);
  }
  return tally;
}

function addSuccess(tally: Tally, pod: Stored<Pod>, job: Stored<Job>): void {
  if (job.spec?.completionMode === "Indexed") {
    const index = indexOf(pod);
    if (index === undefined || index >= (job.spec.completions ?? 0)) return;
    tally.completedIndexes.add(index);
  }
  tally.uncounted.succeeded.push(pod.metadata.uid);
}

/** The completion index of a Pod of an Indexed Job. */
export function indexOf(pod: Stored<Pod>): number | undefined {
  const text = pod.metadata.annotations?.[INDEX_ANNOTATION];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** How many succeeded, counted or about to be. */
export function succeededOf(job: Stored<Job>, tally: Tally): number {
  if (job.spec?.completionMode === "Indexed") return tally.completedIndexes.size;
  return tally.succeeded + tally.uncounted.succeeded.length;
}

/** The tally in the form of a Job's status. */
export function tallyStatus(
  job: Stored<Job>,
  tally: Tally,
): Pick<NonNullable<Job["status"]>, "succeeded" | "failed" | "uncountedTerminatedPods" | "completedIndexes"> {
  const { succeeded, failed, uncounted, completedIndexes } = tally;
  const lists = {
    ...(uncounted.succeeded.length > 0 ? { succeeded: uncounted.succeeded } : {}),
    ...(uncounted.failed.length > 0 ? { failed: uncounted.failed } : {}),
  };
  return {
    ...(succeeded > 0 ? { succeeded } : {}),
    ...(failed > 0 ? { failed } : {}),
    uncountedTerminatedPods: lists,
    ...(job.spec?.completionMode === "Indexed" && completedIndexes.size > 0
      ? { completedIndexes: formatIndexes(completedIndexes) }
      : {}),
  };
}
