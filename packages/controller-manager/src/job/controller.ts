import { type Job, Jobs, type Pod, Pods } from "@jdos/api";
import { deepCopy, formatKey, formatTime, isStatus, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import {
  applyStatus,
  type ControllerOptions,
  Expectations,
  ownerKey,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import { controlledPods, indexControlledPods } from "../pod/controlled-pods.ts";
import { podFromTemplate } from "../pod/pod-from-template.ts";
import { isPodActive, isPodReady } from "../pod/pod-state.ts";
import {
  count,
  hasTrackingFinalizer,
  INDEX_ANNOTATION,
  type Tally,
  TRACKING_FINALIZER,
  tallyStatus,
} from "./counting.ts";
import { planPods } from "./plan.ts";
import { isJobFinished, type Verdict, verdictOf } from "./verdict.ts";

type JobStatus = NonNullable<Job["status"]>;
type JobCondition = NonNullable<JobStatus["conditions"]>[number];

/** Runs a Job's Pods to completion. Source: kubernetes.io, Jobs. */
export function jobController({ clock }: { clock: Clock }): ControllerOptions {
  const expectations = new Expectations({ clock });
  return {
    name: "job",
    eventSource: "job-controller",
    for: Jobs,
    owns: [Pods],
    setup: ({ informers }) => {
      indexControlledPods(informers);
      informers.for(Pods).addHandlers({
        added: (pod) => {
          const owner = ownerKey(pod, Jobs);
          if (owner !== undefined) expectations.creationObserved(formatKey(owner));
        },
      });
    },
    reconcile: (context, key) => reconcile(context, key, expectations),
  };
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  expectations: Expectations,
): Promise<Result | undefined> {
  const text = formatKey(key);
  const job = context.informers.for(Jobs).lister.get(key);
  if (job === undefined) {
    expectations.forget(text);
    await releaseOrphans(context, key);
    return undefined;
  }
  const pods = controlledPods(context.informers, job.metadata.uid);
  if (isJobFinished(job)) {
    await releasePods(context, pods);
    return expire(context, job);
  }
  if (!expectations.satisfied(text)) return undefined;
  const tally = count(job, pods);
  const verdict = verdictOf(job, tally, pods, context.now());
  if (verdict !== undefined) {
    await removePods(context, job, pods.filter(isPodActive));
    await finishRound(context, job, { pods, tally, verdict });
    return undefined;
  }
  const plan = planPods(job, tally, pods, context.now());
  await finishRound(context, job, { pods, tally });
  if (job.metadata.deletionTimestamp !== undefined) return undefined;
  await removePods(context, job, plan.remove);
  await createPods(context, job, { indexes: plan.create, expectations });
  return requeue(context, job, plan.waitMillis);
}

interface Round {
  pods: readonly Stored<Pod>[];
  tally: Tally;
  verdict?: Verdict;
}

/** Writes the status; then lets go of the Pods that are written down. */
async function finishRound(context: ReconcileContext, job: Stored<Job>, round: Round): Promise<void> {
  const { pods, tally, verdict } = round;
  const counted = tally.uncounted.succeeded.length + tally.uncounted.failed.length === 0;
  const finish = verdict !== undefined && counted && !pods.some(isPodActive) ? verdict : undefined;
  const status = nextStatus(context, job, { ...round, verdict: finish });
  await applyStatus(context.client, { type: Jobs, object: job, status });
  if (finish !== undefined) announce(context, job, finish);
  const written = new Set([...tally.uncounted.succeeded, ...tally.uncounted.failed]);
  await releasePods(
    context,
    pods.filter((pod) => written.has(pod.metadata.uid)),
  );
}

function announce(
  { events }: ReconcileContext,
  job: Stored<Job>,
  { type, reason = "", message }: Verdict,
): void {
  if (type === "Complete") events.event(job, "Normal", "Completed", "Job completed");
  else events.event(job, "Warning", reason, message);
}

function nextStatus(
  { now, events }: ReconcileContext,
  job: Stored<Job>,
  { pods, tally, verdict }: Round,
): JobStatus {
  const active = pods.filter(isPodActive);
  const time = formatTime(now());
  const suspended = job.spec?.suspend === true;
  const conditions: JobCondition[] = deepCopy<JobCondition[]>([...(job.status?.conditions ?? [])]);
  if (verdict !== undefined) conditions.push(condition(verdict.type, time, verdict));
  else
    setSuspended(conditions, {
      suspended,
      time,
      report: (reason, message) => events.event(job, "Normal", reason, message),
    });
  const startTime = suspended ? undefined : (job.status?.startTime ?? time);
  const ready = active.filter(isPodReady).length;
  const terminating = pods.filter(
    (pod) => pod.metadata.deletionTimestamp !== undefined && !isPodActive(pod),
  ).length;
  return {
    ...(active.length > 0 ? { active: active.length } : {}),
    ready,
    terminating,
    ...tallyStatus(job, tally),
    ...(startTime === undefined ? {} : { startTime }),
    ...(verdict?.type === "Complete" ? { completionTime: time } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function condition(
  type: string,
  time: string,
  { reason, message }: { reason?: string; message: string },
  status = "True",
): JobCondition {
  return { type, status, reason, message, lastProbeTime: time, lastTransitionTime: time };
}

interface Suspension {
  suspended: boolean;
  time: string;
  report(reason: string, message: string): void;
}

function setSuspended(conditions: JobCondition[], { suspended, time, report }: Suspension): void {
  const at = conditions.findIndex(({ type }) => type === "Suspended");
  const was = at >= 0 && conditions[at]!.status === "True";
  if (was === suspended) return;
  const [reason, message] = suspended ? ["JobSuspended", "Job suspended"] : ["JobResumed", "Job resumed"];
  const next = condition("Suspended", time, { reason, message }, suspended ? "True" : "False");
  if (at >= 0) conditions[at] = next;
  else conditions.push(next);
  report(suspended ? "Suspended" : "Resumed", message);
}

interface Creation {
  indexes: readonly (number | undefined)[];
  expectations: Expectations;
}

async function createPods(
  context: ReconcileContext,
  job: Stored<Job>,
  { indexes, expectations }: Creation,
): Promise<void> {
  if (indexes.length === 0) return;
  const text = formatKey(keyOf(job));
  expectations.expectCreations(text, indexes.length);
  const results = await Promise.allSettled(indexes.map((index) => createPod(context, job, index)));
  const failures = results.filter((result) => result.status === "rejected");
  for (const _ of failures) expectations.creationObserved(text);
  if (failures.length > 0) throw failures[0]!.reason;
}

async function createPod(
  { client, events }: ReconcileContext,
  job: Stored<Job>,
  index: number | undefined,
): Promise<void> {
  try {
    const pod = await client.create(Pods, podOf(job, index));
    events.event(job, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
  } catch (error) {
    if (!isStatus(error, "NotFound")) {
      events.event(
        job,
        "Warning",
        "FailedCreate",
        `Error creating: ${error instanceof Error ? error.message : error}`,
      );
    }
    throw error;
  }
}

function podOf(job: Stored<Job>, index: number | undefined): Pod {
  const pod = podFromTemplate(job, job.spec!.template);
  pod.metadata!.finalizers = [...(pod.metadata!.finalizers ?? []), TRACKING_FINALIZER];
  if (index === undefined) return pod;
  pod.metadata!.generateName = `${job.metadata.name.slice(0, 235)}-${index}-`;
  pod.metadata!.annotations = { ...pod.metadata!.annotations, [INDEX_ANNOTATION]: String(index) };
  pod.metadata!.labels = { ...pod.metadata!.labels, [INDEX_ANNOTATION]: String(index) };
  pod.spec!.hostname = `${job.metadata.name.slice(0, 52)}-${index}`;
  for (const container of [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers]) {
    container.env = [...(container.env ?? []), { name: "JOB_COMPLETION_INDEX", value: String(index) }];
  }
  return pod;
}

async function removePods(
  { client, events }: ReconcileContext,
  job: Stored<Job>,
  pods: readonly Stored<Pod>[],
): Promise<void> {
  for (const pod of pods) {
    try {
      await client.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid } });
      events.event(job, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
    } catch (error) {
      if (!isStatus(error, "NotFound", "Conflict")) throw error;
    }
  }
}

/** Takes the tracking finalizer off, so that the Pods may go. */
async function releasePods({ client }: ReconcileContext, pods: readonly Stored<Pod>[]): Promise<void> {
  await Promise.all(
    pods.filter(hasTrackingFinalizer).map(async (pod) => {
      const finalizers = pod.metadata.finalizers!.filter((each) => each !== TRACKING_FINALIZER);
      const body = {
        metadata: { uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion, finalizers },
      };
      try {
        await client.patch(Pods, keyOf(pod), { type: "merge", body });
      } catch (error) {
        if (!isStatus(error, "NotFound")) throw error;
      }
    }),
  );
}

/** Pods of a Job that is gone: nobody will count them any more. */
async function releaseOrphans(context: ReconcileContext, key: ObjectKey): Promise<void> {
  const pods = context.informers.for(Pods).lister.list(key.namespace);
  const orphans = pods.filter((pod) => hasTrackingFinalizer(pod) && ownerKey(pod, Jobs)?.name === key.name);
  await releasePods(context, orphans);
}

/** Deletes a finished Job whose ttlSecondsAfterFinished has passed, or comes back when it has. */
async function expire({ client, now }: ReconcileContext, job: Stored<Job>): Promise<Result | undefined> {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || job.metadata.deletionTimestamp !== undefined) return undefined;
  const finished = job.status?.conditions?.find(
    ({ type, status }) => status === "True" && (type === "Complete" || type === "Failed"),
  );
  const left =
    Date.parse(finished?.lastTransitionTime ?? job.metadata.creationTimestamp) + ttl * 1000 - now().getTime();
  if (left > 0) return { requeueAfterSeconds: left / 1000 };
  try {
    await client.delete(Jobs, keyOf(job), {
      propagationPolicy: "Foreground",
      preconditions: { uid: job.metadata.uid },
    });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
  return undefined;
}

/** Comes back for the back-off or the deadline, whichever is first. */
function requeue({ now }: ReconcileContext, job: Stored<Job>, waitMillis: number): Result | undefined {
  const waits: number[] = waitMillis > 0 ? [waitMillis] : [];
  const { activeDeadlineSeconds, suspend } = job.spec ?? {};
  if (activeDeadlineSeconds !== undefined && suspend !== true) {
    const start = Date.parse(job.status?.startTime ?? formatTime(now()));
    waits.push(Math.max(1, start + activeDeadlineSeconds * 1000 - now().getTime()));
  }
  return waits.length === 0 ? undefined : { requeueAfterSeconds: Math.min(...waits) / 1000 };
}
