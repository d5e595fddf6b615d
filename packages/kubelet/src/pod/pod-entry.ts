import type { PodStatus } from "@jdos/api";
import type { WaitingReason } from "../status/container-state.ts";
import { gracePeriodOf, type PodObject } from "./pod.ts";

/**
 * A Pod of this node as its worker sees it.
 * running: its containers are kept as the specification says.
 * ending: everything is being stopped, for good.
 * ended: nothing runs; the object may live on until someone deletes it.
 */
export type PodStage = "running" | "ending" | "ended";

export interface PodEntry {
  readonly uid: string;
  pod: PodObject;
  stage: PodStage;
  /** The object is gone from the API. */
  deleted: boolean;
  /** By container name: what stopped the last attempt to start it. */
  readonly waiting: Map<string, WaitingReason>;
  /** Containers are ended only to start again by another definition: what has ended meanwhile is not the Pod's end. */
  replacing: boolean;
  verdict: { reason: string; message: string } | undefined;
  /** What of the object last made the worker look: its own status writes come back and change nothing. */
  seen: string;
  /** When this worker first saw the Pod, until it is ready. */
  startingSince: number | undefined;
  /** The status last computed. */
  status: PodStatus | undefined;
  /** Fires when what the worker does for a running Pod is no longer wanted. */
  readonly interrupt: AbortController;
  /** Told when the time its containers are given to end became shorter. */
  readonly onShorterGrace: Set<() => void>;
}

export function createPodEntry(pod: PodObject): PodEntry {
  return {
    uid: pod.metadata.uid,
    pod,
    stage: "running",
    deleted: false,
    waiting: new Map(),
    replacing: false,
    verdict: undefined,
    seen: "",
    startingSince: pod.status?.startTime === undefined ? performance.now() : undefined,
    status: undefined,
    interrupt: new AbortController(),
    onShorterGrace: new Set(),
  };
}

/** A Pod that was taken out of the API at once still gets this long. */
const FORCED_GRACE_SECONDS = 2;

/** A Pod that fills the disk goes on filling it while it ends. */
const EVICTED_GRACE_SECONDS = 5;

/** How long the Pod's containers are given to end. */
export function graceOf({ pod, deleted, verdict }: PodEntry): number {
  const seconds = gracePeriodOf(pod);
  if (verdict?.reason === "Evicted" && !deleted) return Math.min(seconds, EVICTED_GRACE_SECONDS);
  return deleted ? Math.min(seconds, FORCED_GRACE_SECONDS) : seconds;
}

/** Settles as the work does, unless the Pod is no longer wanted: then it rejects at once and the work goes on alone. */
export async function whileWanted<T>(entry: PodEntry, work: Promise<T>): Promise<T> {
  const { signal } = entry.interrupt;
  // Nobody hears of it when the work fails after that, or before.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const interrupted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    signal.removeEventListener("abort", stop!);
  }
}
