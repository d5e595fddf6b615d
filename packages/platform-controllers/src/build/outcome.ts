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
};

/** What became of a build that ended; undefined while it goes on. */
export function outcomeOf(job: StoredJob, pod: StoredPod | undefined): Outcome | undefined {
  const result = pod === undefined ? undefined : resultOf(pod);
  if (result !== undefined) return fromResult(result);
  const failed = findCondition(job.status?.conditions, "Failed");
  const ended = builderStatus(pod)?.state?.terminated;
  if (failed?.status !== "True" && ended === undefined) return undefined;
  if (failed?.reason === "DeadlineExceeded") {
    return failure(
      "Timeout",
      `The build took longer than ${job.spec?.activeDeadlineSeconds} s and was stopped`,
    );
  }
  if (ended !== undefined) {
    const why =
      ended.reason === "OOMKilled"
        ? "it used more memory than it has"
        : (ended.message ?? `exit code ${ended.exitCode}`);
    return failure("BuilderFailed", `The builder ended without a result: ${why}`);
  }
  return failure(
    failed?.reason ?? "JobFailed",
    `The build's Pod failed: ${failed?.message ?? "no reason was given"}`,
  );
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
