import { isKubeletCatchingUp, lastEndOf, type Pod, type Release, restartsOf } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { conditionOf, containerStatuses, isBuildPod, releaseNumberOf } from "../explain/facts.ts";
import type { ProgressWorld } from "./target.ts";

export interface Failure {
  code: string;
  message: string;
}

/** A container that was restarted this often without becoming ready is not waited for any longer. */
const RESTARTS_TOLERATED = 1;
/** A Pod may wait this long for room before the deploy gives up. */
const UNSCHEDULABLE_SECONDS = 30;
/** Waiting reasons that do not pass by themselves. */
const HOPELESS: Readonly<Record<string, string>> = {
  ImagePullBackOff: "ImagePullFailed",
  ErrImageNeverPull: "ImagePullFailed",
  InvalidImageName: "ImagePullFailed",
  CreateContainerConfigError: "ConfigurationMissing",
};

/** What the platform controllers refuse, by the reason of condition Released: nothing but a change mends it. */
const REFUSALS: ReadonlySet<string> = new Set([
  "RollbackRefused",
  "ReleaseTampered",
  "ReleaseMissing",
  "NameTaken",
  "NoSystem",
]);

/** Pods of a Release that are not going away. */
export function releasePods(release: Stored<Release>, pods: readonly Stored<Pod>[]): readonly Stored<Pod>[] {
  return pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      !isBuildPod(pod) &&
      releaseNumberOf(pod) === (release.spec.podsOf ?? release.spec.number),
  );
}

/** Why a rollout will not become ready by itself; undefined while it still may. */
export function failureOf(
  world: ProgressWorld,
  pods: readonly Stored<Pod>[],
  now: Date,
): Failure | undefined {
  const refused = refusalOf(world);
  if (refused !== undefined) return refused;
  for (const pod of pods) {
    const failure = containerFailure(pod) ?? schedulingFailure(pod, now);
    if (failure !== undefined) return failure;
  }
  const generation = world.deployment?.metadata.generation ?? 0;
  if ((world.deployment?.status?.observedGeneration ?? 0) < generation) return undefined;
  const progressing = conditionOf(world.deployment as never, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") {
    return {
      code: "RolloutStalled",
      message: progressing.message ?? "The rollout made no progress within its deadline",
    };
  }
  const withoutPods = conditionOf(world.deployment as never, "ReplicaFailure");
  if (withoutPods?.status === "True") {
    const code = withoutPods.message?.includes("exceeded quota") === true ? "QuotaExceeded" : "PodRefused";
    return { code, message: withoutPods.message ?? "The cluster refuses to make the Pods" };
  }
  return undefined;
}

/** What the platform controllers said of the Application as it is now. */
export function refusalOf({ application }: ProgressWorld): Failure | undefined {
  const released = conditionOf(application, "Released");
  const { reason = "", message = "" } = released ?? {};
  if (released?.status !== "False" || !REFUSALS.has(reason)) return undefined;
  const isOld = (released.observedGeneration ?? 0) < (application.metadata.generation ?? 0);
  return isOld ? undefined : { code: reason, message };
}

function containerFailure(pod: Stored<Pod>): Failure | undefined {
  for (const status of containerStatuses(pod)) {
    const waiting = status.state?.waiting;
    const hopeless = HOPELESS[waiting?.reason ?? ""];
    if (hopeless !== undefined && !isKubeletCatchingUp(waiting?.message)) {
      return {
        code: hopeless,
        message: `Container "${status.name}" cannot start: ${waiting?.message ?? waiting?.reason}`,
      };
    }
    const end = lastEndOf(pod, status);
    const restarts = restartsOf(pod, status);
    if (end === undefined || status.ready || restarts < RESTARTS_TOLERATED) continue;
    if (waiting?.reason !== "CrashLoopBackOff" && restarts <= RESTARTS_TOLERATED) continue;
    return end.reason === "OOMKilled"
      ? {
          code: "OOMKilled",
          message: `Container "${status.name}" was killed because it used more memory than its limit`,
        }
      : {
          code: "CrashLoop",
          message: `Container "${status.name}" ended with exit code ${end.exitCode} and was restarted ${restarts === 1 ? "once" : `${restarts} times`}`,
        };
  }
  return undefined;
}

function schedulingFailure(pod: Stored<Pod>, now: Date): Failure | undefined {
  const scheduled = conditionOf(pod as never, "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  const since = Date.parse(scheduled.lastTransitionTime ?? pod.metadata.creationTimestamp);
  if (now.getTime() - since < UNSCHEDULABLE_SECONDS * 1000) return undefined;
  return {
    code: "Unschedulable",
    message: `Pod "${pod.metadata.name}" has no node to run on: ${scheduled.message ?? "no node fits"}`,
  };
}
