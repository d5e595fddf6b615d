import type { Job, Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isPodActive, isPodReady } from "../pod/pod-state.ts";
import { indexOf, isPodFailed, succeededOf, type Tally } from "./counting.ts";

/** What a running Job's Pods should become. */
export interface Plan {
  /** Completion indexes of the Pods to create; undefined entries for Jobs without indexes. */
  create: (number | undefined)[];
  remove: Stored<Pod>[];
  /** Creation waits this long after a failure. */
  waitMillis: number;
}

const FIRST_BACK_OFF_MILLIS = 10_000;
const MAX_BACK_OFF_MILLIS = 6 * 60_000;
/** Pods created in one round at most. */
const MAX_CREATIONS = 500;

/** Compares the wanted number of active Pods with those there are. */
export function planPods(job: Stored<Job>, tally: Tally, pods: readonly Stored<Pod>[], now: Date): Plan {
  const active = pods.filter(isPodActive);
  const succeeded = succeededOf(job, tally);
  const { parallelism = 1, completions } = job.spec ?? {};
  let wanted = parallelism;
  if (completions !== undefined) wanted = Math.min(parallelism, Math.max(0, completions - succeeded));
  else if (succeeded > 0) wanted = Math.min(parallelism, active.length);
  if (job.spec?.suspend === true) wanted = 0;
  const indexed = job.spec?.completionMode === "Indexed";
  const surplus = indexed ? surplusIndexed(active, wanted, tally) : active.length - wanted;
  if (typeof surplus !== "number" ? surplus.length > 0 : surplus > 0) {
    const remove =
      typeof surplus === "number" ? [...active].sort(leastUsefulFirst).slice(0, surplus) : surplus;
    return { create: [], remove, waitMillis: 0 };
  }
  const missing = Math.min(wanted - active.length, MAX_CREATIONS);
  if (missing <= 0) return { create: [], remove: [], waitMillis: 0 };
  const waitMillis = backOffMillis(pods, now);
  if (waitMillis > 0) return { create: [], remove: [], waitMillis };
  const create = indexed
    ? freeIndexes(active, tally, completions ?? 0).slice(0, missing)
    : new Array<undefined>(missing).fill(undefined);
  return { create, remove: [], waitMillis: 0 };
}

/** Active Pods whose index is done, taken twice, or past what is wanted. */
function surplusIndexed(active: readonly Stored<Pod>[], wanted: number, tally: Tally): Stored<Pod>[] {
  const seen = new Set<number>();
  const surplus: Stored<Pod>[] = [];
  for (const pod of active) {
    const index = indexOf(pod);
    if (index === undefined || tally.completedIndexes.has(index) || seen.has(index) || seen.size >= wanted)
      surplus.push(pod);
    else seen.add(index);
  }
  return surplus;
}

function freeIndexes(active: readonly Stored<Pod>[], tally: Tally, completions: number): number[] {
  const taken = new Set(active.map(indexOf));
  const free: number[] = [];
  for (let index = 0; index < completions; index++) {
    if (!taken.has(index) && !tally.completedIndexes.has(index)) free.push(index);
  }
  return free;
}

function leastUsefulFirst(a: Stored<Pod>, b: Stored<Pod>): number {
  return (
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp)
  );
}

/** 10 s after the last failure, doubled for each failure since the last success, at most 6 minutes. */
function backOffMillis(pods: readonly Stored<Pod>[], now: Date): number {
  const finished = pods
    .filter((pod) => isPodFailed(pod) || pod.status?.phase === "Succeeded")
    .map((pod) => ({ failed: isPodFailed(pod), at: finishedAt(pod) }))
    .sort((a, b) => b.at - a.at);
  let failures = 0;
  for (const { failed } of finished) {
    if (!failed) break;
    failures++;
  }
  if (failures === 0) return 0;
  const delay = Math.min(FIRST_BACK_OFF_MILLIS * 2 ** (failures - 1), MAX_BACK_OFF_MILLIS);
  return Math.max(0, finished[0]!.at + delay - now.getTime());
}

function finishedAt(pod: Stored<Pod>): number {
  const times = (pod.status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ""),
  );
  const known = times.filter((time) => !Number.isNaN(time));
  if (known.length > 0) return Math.max(...known);
  return Date.parse(pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp);
}
