import type { Timer } from "@jdos/component-base";
import type { PodContext } from "./context.ts";
import { endPod, forgetPod } from "./end-pod.ts";
import { gracePeriodOf, isTerminal, type PodObject, specOf } from "./pod.ts";
import { createPodEntry, type PodEntry } from "./pod-entry.ts";
import { podReference } from "./pod-events.ts";
import { OWN_CONDITIONS, publishStatus } from "./publish-status.ts";
import { refreshVolumes, syncPod } from "./sync-pod.ts";

/** One worker a Pod: what is done to a Pod is done one thing after the other, and Pods do not wait for each other. */
export interface PodWorkers {
  /** The API has this Pod. */
  update(pod: PodObject): void;
  /** The API has it no more. */
  deleted(pod: PodObject): void;
  /** Something about the Pod may have changed. */
  wake(uid: string): void;
  /** Only the probes' verdict changed: the status is written at once, beside whatever the worker does. */
  verdictChanged(uid: string): void;
  /** Ends a Pod for good, for what it did to the node. */
  evict(uid: string, message: string): void;
  has(uid: string): boolean;
  pods(): PodObject[];
  /** Stops working; containers go on. Resolves when no worker is in the middle of something. */
  stop(): Promise<void>;
}

interface Worker {
  readonly entry: PodEntry;
  running: Promise<void> | undefined;
  dirty: boolean;
  timer: Timer | undefined;
  failures: number;
  volumesAt: number;
}

export interface PodWorkersOptions {
  /** Every Pod is looked at this often even if nothing happens. Defaults to 60. */
  resyncSeconds?: number;
}

const STOP_SECONDS = 5;

export function createPodWorkers(
  context: PodContext,
  { resyncSeconds = 60 }: PodWorkersOptions = {},
): PodWorkers {
  const resyncMs = resyncSeconds * 1000;
  const workers = new Map<string, Worker>();
  let stopped = false;

  function wake(worker: Worker): void {
    if (stopped) return;
    worker.timer?.cancel();
    worker.timer = undefined;
    if (worker.running !== undefined) {
      worker.dirty = true;
      return;
    }
    worker.dirty = false;
    worker.running = turn(worker).then((delayMs) => {
      worker.running = undefined;
      if (stopped || !workers.has(worker.entry.uid)) return;
      if (worker.dirty) wake(worker);
      else if (delayMs !== undefined) worker.timer = context.clock.schedule(delayMs, () => wake(worker));
    });
  }

  /** Returns when the next turn is due, or undefined when only a change matters. */
  async function turn(worker: Worker): Promise<number | undefined> {
    const { entry } = worker;
    try {
      const delay = await step(worker);
      worker.failures = 0;
      return delay;
    } catch (error) {
      if (entry.interrupt.signal.aborted && entry.stage === "running") return 0;
      worker.failures++;
      const delayMs = Math.min(30_000, 500 * 2 ** (worker.failures - 1));
      const facts = {
        err: error,
        pod: entry.pod.metadata.name,
        namespace: entry.pod.metadata.namespace,
        delayMs,
      };
      context.log.warn(facts, "Cannot bring the Pod to its state");
      return delayMs;
    }
  }

  async function step(worker: Worker): Promise<number | undefined> {
    const { entry } = worker;
    if (entry.stage === "running" && shouldEnd(entry)) entry.stage = "ending";
    if (entry.stage === "running") {
      const past = deadline(context, entry);
      if (past !== undefined && past <= 0) {
        entry.verdict = exceeded(context, entry);
        entry.stage = "ending";
      } else {
        const { finished, requeueAfterMs } = await syncPod(context, entry);
        if (!finished) {
          await refreshDue(context, worker, resyncMs);
          return Math.min(requeueAfterMs ?? resyncMs, past ?? resyncMs);
        }
        entry.stage = "ending";
      }
    }
    if (entry.stage === "ending" || mayLeaveApi(entry)) await endPod(context, entry);
    if (!entry.deleted) return undefined;
    await forgetPod(context, entry);
    workers.delete(entry.uid);
    return undefined;
  }

  return {
    update(pod) {
      const known = workers.get(pod.metadata.uid);
      const worker = known ?? newWorker(pod);
      const { entry } = worker;
      const graceBefore = gracePeriodOf(entry.pod);
      const wasDeleting = entry.pod.metadata.deletionTimestamp !== undefined;
      entry.pod = pod;
      workers.set(entry.uid, worker);
      if (pod.metadata.deletionTimestamp !== undefined) {
        entry.interrupt.abort(new Error("The Pod is being deleted"));
        if (wasDeleting && gracePeriodOf(pod) < graceBefore) for (const cut of entry.onShorterGrace) cut();
      }
      if (known === undefined || matters(entry, wasDeleting)) wake(worker);
    },
    deleted(pod) {
      const worker = workers.get(pod.metadata.uid);
      if (worker === undefined) return;
      worker.entry.pod = pod;
      worker.entry.deleted = true;
      worker.entry.interrupt.abort(new Error("The Pod was deleted"));
      for (const cut of worker.entry.onShorterGrace) cut();
      wake(worker);
    },
    wake(uid) {
      const worker = workers.get(uid);
      if (worker !== undefined) wake(worker);
    },
    verdictChanged(uid) {
      const worker = workers.get(uid);
      if (worker === undefined || worker.entry.stage === "ended") return;
      publishStatus(context, worker.entry);
      wake(worker);
    },
    evict(uid, message) {
      const worker = workers.get(uid);
      if (worker === undefined || worker.entry.stage !== "running") return;
      worker.entry.verdict = { reason: "Evicted", message };
      worker.entry.stage = "ending";
      worker.entry.interrupt.abort(new Error("The Pod is evicted"));
      context.events.event(podReference(worker.entry.pod), "Warning", "Evicted", message);
      wake(worker);
    },
    has: (uid) => workers.has(uid),
    pods: () =>
      [...workers.values()].map(({ entry: { pod, status } }) =>
        status === undefined ? pod : ({ ...pod, status } as PodObject),
      ),
    async stop() {
      stopped = true;
      const busy = [...workers.values()].map((worker) => {
        worker.timer?.cancel();
        return worker.running;
      });
      // What is under way is found again at the next start: do not wait for a long one.
      const waiting = new AbortController();
      const patience = context.clock.sleep(STOP_SECONDS * 1000, waiting.signal).catch(() => undefined);
      await Promise.race([Promise.all(busy), patience]);
      waiting.abort();
    },
  };
}

function newWorker(pod: PodObject): Worker {
  return {
    entry: createPodEntry(pod),
    running: undefined,
    dirty: false,
    timer: undefined,
    failures: 0,
    volumesAt: 0,
  };
}

function shouldEnd({ pod, deleted }: PodEntry): boolean {
  return deleted || pod.metadata.deletionTimestamp !== undefined || isTerminal(pod);
}

/** A Pod that had ended by itself and is now deleted. */
function mayLeaveApi({ stage, deleted, pod }: PodEntry): boolean {
  return stage === "ended" && !deleted && pod.metadata.deletionTimestamp !== undefined;
}

/** Our own status writes come back as updates: they change nothing. */
function matters(entry: PodEntry, wasDeleting: boolean): boolean {
  if (entry.stage === "ended") return entry.pod.metadata.deletionTimestamp !== undefined && !wasDeleting;
  if (entry.stage === "ending") return false;
  const before = entry.seen;
  const { metadata, spec, status } = entry.pod;
  const others = (status?.conditions ?? []).filter((item) => !OWN_CONDITIONS.has(item.type));
  const { deletionTimestamp, labels, annotations } = metadata;
  entry.seen = JSON.stringify([deletionTimestamp, labels, annotations, spec, status?.phase, others]);
  return before !== entry.seen;
}

/** Milliseconds until the Pod's activeDeadlineSeconds are over. */
function deadline(context: PodContext, { pod, status }: PodEntry): number | undefined {
  const seconds = specOf(pod).activeDeadlineSeconds;
  const startTime = status?.startTime ?? pod.status?.startTime;
  if (seconds === undefined || startTime === undefined)
    return seconds === undefined ? undefined : seconds * 1000;
  return Date.parse(startTime) + seconds * 1000 - context.clock.now().getTime();
}

function exceeded(context: PodContext, entry: PodEntry): { reason: string; message: string } {
  const message = "Pod was active on the node longer than the specified deadline";
  context.events.event(podReference(entry.pod), "Normal", "DeadlineExceeded", message);
  return { reason: "DeadlineExceeded", message };
}

/** Volumes were made when the Pod began; from then on they follow the API in each resync. */
async function refreshDue(context: PodContext, worker: Worker, resyncMs: number): Promise<void> {
  const now = context.clock.monotonicMillis();
  if (worker.volumesAt !== 0 && now - worker.volumesAt < resyncMs) return;
  const due = worker.volumesAt !== 0;
  worker.volumesAt = now;
  if (due) await refreshVolumes(context, worker.entry);
}
