import type { Job, Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isPodActive } from "../pod/pod-state.ts";
import { succeededOf, type Tally } from "./counting.ts";

/** How a Job ended. */
export interface Verdict {
  type: "Complete" | "Failed";
  reason?: string;
  message: string;
}

/** The verdict, or undefined while the Job goes on. */
export function verdictOf(
  job: Stored<Job>,
  tally: Tally,
  pods: readonly Stored<Pod>[],
  now: Date,
): Verdict | undefined {
  const { backoffLimit = 6, completions, activeDeadlineSeconds } = job.spec ?? {};
  const failed = tally.failed + tally.uncounted.failed.length;
  if (failed > backoffLimit || restartsPastLimit(job, pods, backoffLimit)) {
    return {
      type: "Failed",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    };
  }
  const startTime = job.status?.startTime;
  if (activeDeadlineSeconds !== undefined && startTime !== undefined && job.spec?.suspend !== true) {
    if (now.getTime() - Date.parse(startTime) >= activeDeadlineSeconds * 1000) {
      return {
        type: "Failed",
        reason: "DeadlineExceeded",
        message: "Job was active longer than specified deadline",
      };
    }
  }
  const succeeded = succeededOf(job, tally);
  const active = pods.filter(isPodActive).length;
  const complete = completions === undefined ? succeeded > 0 && active === 0 : succeeded >= completions;
  if (complete)
    return {
      type: "Complete",
      reason: "CompletionsReached",
      message: "Reached expected number of succeeded pods",
    };
  return undefined;
}

/** With restartPolicy OnFailure the containers' restarts are the failures. */
function restartsPastLimit(job: Stored<Job>, pods: readonly Stored<Pod>[], backoffLimit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const pod of pods) {
    if (pod.status?.phase !== "Running" && pod.status?.phase !== "Pending") continue;
    for (const container of [
      ...(pod.status.initContainerStatuses ?? []),
      ...(pod.status.containerStatuses ?? []),
    ]) {
      restarts += container.restartCount;
    }
  }
  return restarts > 0 && (backoffLimit === 0 || restarts >= backoffLimit);
}

/** The finished condition of a Job, if it has one. */
export function isJobFinished(job: Stored<Job>): boolean {
  return (job.status?.conditions ?? []).some(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
}
