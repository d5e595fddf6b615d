import { type CronJob, CronJobs, type Job, Jobs } from "@jdos/api";
import {
  controllerOf,
  controllerReference,
  deepCopy,
  formatTime,
  isStatus,
  messageOf,
  type ObjectKey,
} from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import {
  applyStatus,
  type ControllerOptions,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import { isNamespaceTerminating } from "../pod/pod-control.ts";
import { deleteJob, outcomeOf, pruneJobs } from "./history.ts";
import { latestMissed, parseSchedule, type Schedule } from "./schedule.ts";

const BY_OWNER = "controller-uid";
const TIMESTAMP = "batch.kubernetes.io/cronjob-scheduled-timestamp";

type CronJobStatus = NonNullable<CronJob["status"]>;

/** Makes a Job at each scheduled time. Source: kubernetes.io, CronJob. */
export function cronJobController(): ControllerOptions {
  return {
    name: "cronjob",
    eventSource: "cronjob-controller",
    for: CronJobs,
    owns: [Jobs],
    setup: ({ informers }) => {
      informers.for(Jobs).addIndex(BY_OWNER, (job) => {
        const owner = controllerOf(job);
        return owner === undefined ? [] : [owner.uid];
      });
    },
    reconcile,
  };
}

function jobsOf(informers: InformerFactory, cronJob: Stored<CronJob>): readonly Stored<Job>[] {
  return informers.for(Jobs).lister.byIndex(BY_OWNER, cronJob.metadata.uid);
}

async function reconcile(context: ReconcileContext, key: ObjectKey): Promise<Result | undefined> {
  const { client, informers } = context;
  const found = informers.for(CronJobs).lister.get(key);
  if (found === undefined) return undefined;
  const jobs = await pruneJobs(client, found, jobsOf(informers, found));
  const cronJob = await applyStatus(client, {
    type: CronJobs,
    object: found,
    status: statusOf(context, found, jobs),
  });
  if (cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec?.suspend === true) return undefined;
  const schedule = readSchedule(context, cronJob);
  return schedule === undefined ? undefined : runDue(context, cronJob, { schedule, jobs });
}

/** The Jobs that run, and when the last one succeeded. */
function statusOf(
  { events }: ReconcileContext,
  cronJob: Stored<CronJob>,
  jobs: readonly Stored<Job>[],
): CronJobStatus {
  const before = cronJob.status ?? {};
  const running = jobs.filter((job) => outcomeOf(job) === undefined);
  for (const { uid, name } of before.active ?? []) {
    const job = jobs.find(({ metadata }) => metadata.uid === uid);
    const outcome = job === undefined ? undefined : outcomeOf(job);
    if (outcome !== undefined)
      events.event(cronJob, "Normal", "SawCompletedJob", `Saw completed job: ${name}, condition: ${outcome}`);
  }
  const successes = jobs
    .filter((job) => outcomeOf(job) === "Complete")
    .map(({ status }) => status?.completionTime ?? "");
  const lastSuccess = [before.lastSuccessfulTime ?? "", ...successes].sort().at(-1);
  return {
    ...(running.length > 0 ? { active: running.map(referenceTo) } : {}),
    ...(before.lastScheduleTime === undefined ? {} : { lastScheduleTime: before.lastScheduleTime }),
    ...(lastSuccess ? { lastSuccessfulTime: lastSuccess } : {}),
  };
}

function referenceTo({
  apiVersion,
  kind,
  metadata,
}: Stored<Job>): NonNullable<CronJobStatus["active"]>[number] {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { apiVersion, kind, namespace, name, uid, resourceVersion };
}

function readSchedule({ events }: ReconcileContext, cronJob: Stored<CronJob>): Schedule | undefined {
  const { schedule, timeZone } = cronJob.spec!;
  try {
    return parseSchedule(schedule, timeZone);
  } catch (error) {
    events.event(
      cronJob,
      "Warning",
      "UnparseableSchedule",
      `unparseable schedule: "${schedule}" : ${messageOf(error)}`,
    );
    return undefined;
  }
}

interface Due {
  schedule: Schedule;
  jobs: readonly Stored<Job>[];
}

async function runDue(
  context: ReconcileContext,
  cronJob: Stored<CronJob>,
  { schedule, jobs }: Due,
): Promise<Result | undefined> {
  const { client, events, now } = context;
  const { latest, many } = latestMissed(schedule, lookFrom(cronJob, now()), now());
  const next = untilNext(schedule, now());
  if (latest === undefined) return next;
  if (many) {
    events.event(
      cronJob,
      "Warning",
      "TooManyMissedTimes",
      "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
    );
  }
  const { startingDeadlineSeconds, concurrencyPolicy = "Allow" } = cronJob.spec!;
  if (
    startingDeadlineSeconds !== undefined &&
    latest.getTime() + startingDeadlineSeconds * 1000 < now().getTime()
  ) {
    events.event(
      cronJob,
      "Warning",
      "MissSchedule",
      `Missed scheduled time to start a job: ${latest.toUTCString()}`,
    );
    return next;
  }
  const running = jobs.filter((job) => outcomeOf(job) === undefined);
  if (jobs.some(({ metadata }) => metadata.name === jobName(cronJob, latest))) {
    await recordStart(context, cronJob, { latest, jobs: running });
    return next;
  }
  if (concurrencyPolicy === "Forbid" && running.length > 0) {
    events.event(
      cronJob,
      "Normal",
      "JobAlreadyActive",
      "Not starting job because prior execution is running and concurrency policy is Forbid",
    );
    return next;
  }
  const replaced = concurrencyPolicy === "Replace" ? running : [];
  for (const job of replaced) {
    await deleteJob(client, job);
    events.event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${job.metadata.name}`);
  }
  const job = await createJob(context, cronJob, latest);
  if (job !== undefined)
    await recordStart(context, cronJob, {
      latest,
      jobs: [...running.filter((each) => !replaced.includes(each)), job],
    });
  return next;
}

/** Times before this do not count: the last one that was served, the creation, or the deadline's reach. */
function lookFrom({ metadata, status, spec }: Stored<CronJob>, now: Date): Date {
  const served = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp);
  const { startingDeadlineSeconds } = spec!;
  return new Date(
    startingDeadlineSeconds === undefined
      ? served
      : Math.max(served, now.getTime() - startingDeadlineSeconds * 1000),
  );
}

function untilNext(schedule: Schedule, now: Date): Result | undefined {
  const next = schedule.next(now);
  return next === undefined
    ? undefined
    : { requeueAfterSeconds: (next.getTime() - now.getTime()) / 1000 + 0.1 };
}

/** One name a scheduled time, so that none is served twice. */
function jobName({ metadata }: Stored<CronJob>, time: Date): string {
  return `${metadata.name}-${Math.floor(time.getTime() / 60_000)}`;
}

async function createJob(
  { client, events }: ReconcileContext,
  cronJob: Stored<CronJob>,
  time: Date,
): Promise<Stored<Job> | undefined> {
  const { metadata = {}, spec } = cronJob.spec!.jobTemplate;
  const job: Job = {
    metadata: {
      namespace: cronJob.metadata.namespace,
      name: jobName(cronJob, time),
      labels: { ...metadata.labels },
      annotations: { ...metadata.annotations, [TIMESTAMP]: formatTime(time) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: deepCopy<NonNullable<Job["spec"]>>(spec!),
  };
  try {
    const created = await client.create(Jobs, job);
    events.event(cronJob, "Normal", "SuccessfulCreate", `Created job ${created.metadata.name}`);
    return created;
  } catch (error) {
    if (isStatus(error, "AlreadyExists"))
      return client.get(Jobs, { namespace: cronJob.metadata.namespace, name: job.metadata!.name! });
    if (isNamespaceTerminating(error)) return undefined;
    events.event(cronJob, "Warning", "FailedCreate", `Error creating job: ${messageOf(error)}`);
    throw error;
  }
}

async function recordStart(
  { client }: ReconcileContext,
  cronJob: Stored<CronJob>,
  { latest, jobs }: { latest: Date; jobs: readonly Stored<Job>[] },
): Promise<void> {
  const { active: _, ...rest } = cronJob.status ?? {};
  const active = jobs.filter((job) => outcomeOf(job) === undefined).map(referenceTo);
  const status = { ...rest, ...(active.length > 0 ? { active } : {}), lastScheduleTime: formatTime(latest) };
  await applyStatus(client, { type: CronJobs, object: cronJob, status });
}
