import {
  BUILD_CONTAINER,
  type BuilderResult,
  type BuildStatus,
  type ContainerStatus,
  type Job,
  type Pod,
} from "@jdos/api";
import { type Condition, type DeepReadonly, findCondition, type Persisted } from "@jdos/apimachinery";

type StoredPod = DeepReadonly<Persisted<Pod>>;
type StoredJob = DeepReadonly<Persisted<Job>>;

export type Outcome = Pick<BuildStatus, "phase" | "stages" | "image" | "revision" | "stack"> & {
  condition: Pick<Condition, "status" | "reason" | "message">;
  /** The machine's fault, not the build's: it may be begun again. */
  lost?: true;
};

/** Ends that kubelet and runtime give containers which never ran, or whose end nobody saw. */
const NEVER_RAN = new Set(["StartError", "ContainerCannotRun", "ContainerStatusUnknown"]);

/** What became of a build that ended; undefined while it goes on. */
export function outcomeOf(job: StoredJob, pod: StoredPod | undefined): Outcome | undefined {
  const result = pod === undefined ? undefined : resultOf(pod);
  if (result !== undefined)
    return result.error?.code === "StepsLost" ? stepsLost(result, pod) : fromResult(result);
  const failed = findCondition(job.status?.conditions, "Failed");
  if (failed?.status === "True" && failed.reason === "DeadlineExceeded") {
    return failure(
      "Timeout",
      `The build took longer than ${job.spec?.activeDeadlineSeconds} s and was stopped`,
    );
  }
  const ended = endedWithoutResult(pod);
  if (ended?.reason === "OOMKilled")
    return failure("OutOfMemory", "The builder used more memory than it has");
  if (ended !== undefined) {
    const why = ended.message?.trim() || `${ended.reason ?? "it ended"}, exit code ${ended.exitCode}`;
    return lost(`The builder ended without a result: ${why}`);
  }
  if (failed?.status !== "True") return undefined;
  return lost(`The build's Pod was lost: ${failed.message ?? "no reason was given"}`);
}

function endedWithoutResult(pod: StoredPod | undefined) {
  const neverRan = pod?.status?.containerStatuses?.find(({ state }) =>
    NEVER_RAN.has(state?.terminated?.reason ?? ""),
  );
  return (neverRan ?? builderStatus(pod))?.state?.terminated;
}

/** The steps ended without a word: for want of memory, which is the build's own doing, or with their container. */
function stepsLost(result: BuilderResult, pod: StoredPod | undefined): Outcome {
  const steps = pod?.status?.containerStatuses?.find(({ name }) => name !== BUILD_CONTAINER);
  const outcome = fromResult(result);
  if (steps?.state?.terminated?.reason !== "OOMKilled") return { ...outcome, lost: true };
  const message = "Stage build: the steps used more memory than a build has and were killed";
  return { ...outcome, condition: { status: "False", reason: "OutOfMemory", message } };
}

function lost(message: string): Outcome {
  return { ...failure("BuilderLost", message), lost: true };
}

/** Why a build that has not begun is waiting, in a sentence. */
export function waitingFor(pod: StoredPod | undefined): string {
  if (pod === undefined) return "It waits for its Pod";
  const scheduled = findCondition(pod.status?.conditions, "PodScheduled");
  if (scheduled?.status === "False") return `Its Pod has no place: ${scheduled.message ?? "no node fits"}`;
  for (const status of pod.status?.containerStatuses ?? []) {
    const waiting = status.state?.waiting;
    if (waiting?.message !== undefined) return `Its Pod waits: ${waiting.reason}: ${waiting.message}`;
  }
  return `Its Pod ${pod.metadata.name} is starting`;
}

/** A Pod that can never start its builder. */
export function startFailure(pod: StoredPod | undefined): Outcome | undefined {
  for (const status of pod?.status?.containerStatuses ?? []) {
    const waiting = status.state?.waiting;
    if (waiting?.reason === "ErrImageNeverPull" || waiting?.reason === "InvalidImageName") {
      return failure(
        waiting.reason,
        `The builder's image cannot be had: ${waiting.message ?? waiting.reason}`,
      );
    }
  }
  return undefined;
}

function fromResult(result: BuilderResult): Outcome {
  const facts = {
    stages: result.stages,
    ...(result.revision === undefined ? {} : { revision: result.revision }),
    ...(result.stack === undefined ? {} : { stack: result.stack }),
  };
  if (result.error === undefined && result.image !== undefined) {
    return {
      ...facts,
      phase: "Succeeded",
      image: result.image,
      condition: { status: "True", reason: "BuildSucceeded", message: `It made ${result.image}` },
    };
  }
  const stage = result.stages.find(({ state }) => state === "Failed")?.name;
  const {
    code = "BuilderFailed",
    message = "The builder gave no image",
    hint,
    lines = [],
  } = result.error ?? {};
  const where = stage === undefined ? "" : `Stage ${stage}: `;
  const last = lines.length === 0 ? "" : `\nLast lines:\n${lines.join("\n")}`;
  return {
    ...facts,
    phase: "Failed",
    condition: {
      status: "False",
      reason: code,
      message: `${where}${message}${hint === undefined ? "" : `. ${hint}`}${last}`,
    },
  };
}

function failure(reason: string, message: string): Outcome {
  return { phase: "Failed", condition: { status: "False", reason, message } };
}

function builderStatus(pod: StoredPod | undefined): DeepReadonly<ContainerStatus> | undefined {
  return pod?.status?.containerStatuses?.find(({ name }) => name === BUILD_CONTAINER);
}

function resultOf(pod: StoredPod): BuilderResult | undefined {
  const text = builderStatus(pod)?.state?.terminated?.message;
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Killed before it could write its result.
    return undefined;
  }
  const isResult =
    value !== null && typeof value === "object" && Array.isArray((value as BuilderResult).stages);
  return isResult ? (value as BuilderResult) : undefined;
}
