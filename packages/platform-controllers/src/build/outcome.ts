import {
  BUILD_CONTAINER,
  type Build,
  type BuilderResult,
  type BuildStatus,
  type ContainerStatus,
  type Job,
  type Pod,
} from "@jdos/api";
import { type Condition, type DeepReadonly, findCondition, type Persisted } from "@jdos/apimachinery";
import { timeoutOf } from "./input.ts";

type StoredPod = DeepReadonly<Persisted<Pod>>;
type StoredJob = DeepReadonly<Persisted<Job>>;

export type Outcome = Pick<
  BuildStatus,
  "phase" | "stages" | "image" | "revision" | "stack" | "log" | "materials" | "bases" | "sbom"
> & {
  condition: Pick<Condition, "status" | "reason" | "message">;
  /** The machine's or the network's fault, not the build's: it may be begun again. */
  lost?: true;
};

/** What the builder fails of and may not fail of the next time. */
const WORTH_IT: ReadonlySet<string> = new Set(["RegistryUnreachable", "SourceUnreachable"]);

/** Ends that kubelet and runtime give containers which never ran, or whose end nobody saw. */
const NEVER_RAN = new Set(["StartError", "ContainerCannotRun", "ContainerStatusUnknown"]);

export interface Ending {
  build: DeepReadonly<Persisted<Build>>;
  job: StoredJob;
  pod: StoredPod | undefined;
  now: Date;
}

/** What became of a build that ended; undefined while it goes on. */
export function outcomeOf({ build, job, pod, now }: Ending): Outcome | undefined {
  const result = pod === undefined ? undefined : resultOf(pod);
  const failed = findCondition(job.status?.conditions, "Failed");
  const wasStopped = result?.error?.code === "Stopped";
  const disk = diskEviction(pod);
  if (disk !== undefined && result?.image === undefined)
    return { ...failureIn(build, "OutOfDisk", disk), ...factsOf(result, disk) };
  if (result !== undefined && !wasStopped)
    return result.error?.code === "StepsLost" ? stepsLost(result, pod) : fromResult(result);
  const isLate = failed?.status === "True" ? failed.reason === "DeadlineExceeded" : isPastDeadline(job, now);
  if (isLate && (wasStopped || failed?.status === "True")) {
    const why = tookTooLong(build);
    return { ...failureIn(build, "TimedOut", why), ...factsOf(result, why) };
  }
  if (wasStopped) return lost("Its Pod was stopped from outside");
  const ended = endedWithoutResult(pod);
  if (ended?.reason === "OOMKilled")
    return failure("OutOfMemory", "The builder used more memory than it has");
  if (ended !== undefined) {
    const why = ended.message?.trim() || `${ended.reason ?? "it ended"}, exit code ${ended.exitCode}`;
    return lost(`The builder ended without a result: ${why}`);
  }
  if (pod?.status?.reason === "Evicted")
    return lost(`Its Pod was evicted: ${pod.status.message ?? "no reason was given"}`);
  if (failed?.status !== "True") return undefined;
  return lost(`The build's Pod was lost: ${failed.message ?? "no reason was given"}`);
}

function tookTooLong(build: Ending["build"]): string {
  const seconds = timeoutOf(build);
  const waited = findCondition(build.status?.conditions, "Succeeded")?.message;
  if (build.status?.phase === "Pending")
    return `It had not begun when its time was over: ${waited ?? "no Pod"}`;
  return `The build took longer than ${seconds} s and was stopped. Set build.timeoutSeconds, or make the build do less`;
}

/** Its Pods are stopped before the Job says why. */
function isPastDeadline({ spec, status }: StoredJob, now: Date): boolean {
  if (spec?.activeDeadlineSeconds === undefined || status?.startTime === undefined) return false;
  return now.getTime() - Date.parse(status.startTime) >= spec.activeDeadlineSeconds * 1000;
}

/** The kubelet's words for a Pod that wrote more than its own limits; a node that is full is not the build's doing. */
function diskEviction(pod: StoredPod | undefined): string | undefined {
  const { reason, message = "" } = pod?.status ?? {};
  if (
    reason !== "Evicted" ||
    !/exceeds the (total )?limit|exceeded its local ephemeral storage/.test(message)
  )
    return undefined;
  return `The build wrote more to disk than it may: ${message.trim()}`;
}

/** What a builder that was stopped knows; why it was it does not. */
function factsOf(result: BuilderResult | undefined, why: string): Pick<Outcome, "stages" | "log"> {
  if (result === undefined) return {};
  const { log } = result;
  const stages = result.stages.map((stage) =>
    stage.state === "Failed" ? { ...stage, message: why } : stage,
  );
  return { ...(stages.length === 0 ? {} : { stages }), ...(log === undefined ? {} : { log }) };
}

/** With the stage that ran. */
function failureIn(build: Ending["build"], reason: string, message: string): Outcome {
  const stage = build.status?.stages?.findLast(({ state }) => state !== "Succeeded")?.name;
  return failure(reason, stage === undefined ? message : `Stage ${stage}: ${message}`);
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
    ...(result.log === undefined ? {} : { log: result.log }),
  };
  if (result.error === undefined && result.image !== undefined) {
    return {
      ...facts,
      phase: "Succeeded",
      image: result.image,
      ...(result.materials === undefined ? {} : { materials: result.materials }),
      ...(result.bases === undefined ? {} : { bases: result.bases }),
      ...(result.sbom === undefined ? {} : { sbom: result.sbom }),
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
    ...(WORTH_IT.has(code) ? { lost: true } : {}),
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

/** What the builder said at its end. */
export function resultOf(pod: StoredPod): BuilderResult | undefined {
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
