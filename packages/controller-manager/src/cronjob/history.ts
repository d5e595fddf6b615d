import { type CronJob, type Job, Jobs } from "@jdos/api";
import { isStatus, keyOf } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

/** "Complete" or "Failed" once the Job is over. */
export function outcomeOf(job: Stored<Job>): "Complete" | "Failed" | undefined {
  for (const type of ["Complete", "Failed"] as const) {
    if (job.status?.conditions?.some((condition) => condition.type === type && condition.status === "True"))
      return type;
  }
  return undefined;
}

/** Deletes the oldest finished Jobs beyond the limits; gives the rest. */
export async function pruneJobs(
  client: Client,
  cronJob: Stored<CronJob>,
  jobs: readonly Stored<Job>[],
): Promise<Stored<Job>[]> {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec ?? {};
  const doomed = [
    ...surplus(jobs, "Complete", successfulJobsHistoryLimit),
    ...surplus(jobs, "Failed", failedJobsHistoryLimit),
  ];
  for (const job of doomed) await deleteJob(client, job);
  return jobs.filter((job) => !doomed.includes(job));
}

function surplus(jobs: readonly Stored<Job>[], outcome: "Complete" | "Failed", keep: number): Stored<Job>[] {
  const age = ({ status, metadata }: Stored<Job>): string => status?.startTime ?? metadata.creationTimestamp;
  const finished = jobs
    .filter((job) => outcomeOf(job) === outcome)
    .sort((a, b) => (age(a) < age(b) ? -1 : 1));
  return finished.slice(0, Math.max(0, finished.length - keep));
}

export async function deleteJob(client: Client, job: Stored<Job>): Promise<void> {
  try {
    await client.delete(Jobs, keyOf(job), {
      propagationPolicy: "Background",
      preconditions: { uid: job.metadata.uid },
    });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
