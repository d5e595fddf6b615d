import { type ContainerStatus, isKubeletCatchingUp, lastEndOf, type Pod, restartsOf } from "@jdos/api";
import type { DeepReadonly, Persisted } from "@jdos/apimachinery";

type StoredPod = DeepReadonly<Persisted<Pod>>;
type Status = DeepReadonly<ContainerStatus>;

/** Why Pods do not get ready. */
export interface Trouble {
  /** As kubelet or scheduler calls it: CrashLoopBackOff, ErrImagePull, Unschedulable ... */
  reason: string;
  /** A sentence. */
  message: string;
  /** It will not get better by waiting. */
  stalled: boolean;
}

/** What is wrong with some of the Pods; the worst first. Undefined when they only need time. */
export function podTrouble(pods: readonly StoredPod[]): Trouble | undefined {
  const found = pods.map(troubleOf).filter((trouble) => trouble !== undefined);
  return found.find((trouble) => trouble.stalled) ?? found[0];
}

function troubleOf(pod: StoredPod): Trouble | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  return unscheduled(pod) ?? containerTrouble(pod) ?? failedPod(pod) ?? notReady(pod);
}

function unscheduled(pod: StoredPod): Trouble | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (condition?.status !== "False") return undefined;
  return {
    reason: condition.reason ?? "Unschedulable",
    message: `Pod ${pod.metadata.name} has no place: ${condition.message ?? "no node fits"}`,
    stalled: false,
  };
}

function containerTrouble(pod: StoredPod): Trouble | undefined {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const trouble = waitingTrouble(pod, status) ?? terminatedTrouble(pod, status);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

function waitingTrouble(pod: StoredPod, status: Status): Trouble | undefined {
  const waiting = status.state?.waiting;
  switch (waiting?.reason) {
    case "ErrImagePull":
    case "ImagePullBackOff":
    case "InvalidImageName":
    case "ErrImageNeverPull":
      return {
        reason: waiting.reason,
        message: `Image ${status.image} cannot be had: ${clip(waiting.message ?? "the pull failed")}`,
        stalled: true,
      };
    case "CreateContainerConfigError":
    case "CreateContainerError":
    case "RunContainerError":
      return {
        reason: waiting.reason,
        message: `Pod ${pod.metadata.name} cannot start its container: ${clip(waiting.message ?? "no reason given")}`,
        stalled: !isKubeletCatchingUp(waiting.message),
      };
    case "CrashLoopBackOff":
      return {
        reason: waiting.reason,
        message: `Pod ${pod.metadata.name} ${ending(status.lastState?.terminated)} and was started ${times(restartsOf(pod, status) + 1)}`,
        stalled: true,
      };
    default:
      return undefined;
  }
}

function terminatedTrouble(pod: StoredPod, status: Status): Trouble | undefined {
  const ended = status.ready ? undefined : lastEndOf(pod, status);
  if (ended === undefined || ended.exitCode === 0) return undefined;
  return {
    reason: ended.reason ?? "Error",
    message: `Pod ${pod.metadata.name} ${ending(ended)}`,
    stalled: false,
  };
}

function failedPod(pod: StoredPod): Trouble | undefined {
  if (pod.status?.phase !== "Failed") return undefined;
  return {
    reason: pod.status.reason ?? "Failed",
    message: `Pod ${pod.metadata.name} failed: ${pod.status.message ?? "no reason given"}`,
    stalled: false,
  };
}

function notReady(pod: StoredPod): Trouble | undefined {
  const running =
    pod.status?.phase === "Running" &&
    pod.status.containerStatuses?.some((status) => status.state?.running !== undefined && !status.ready);
  if (running !== true) return undefined;
  return {
    reason: "NotReady",
    message: `Pod ${pod.metadata.name} runs but does not answer its readiness check yet`,
    stalled: false,
  };
}

type Terminated = NonNullable<NonNullable<Status["lastState"]>["terminated"]>;

function ending(ended: Terminated | undefined): string {
  if (ended === undefined) return "ended";
  const lastLine = ended.message
    ?.trim()
    .split("\n")
    .filter((line) => line.trim() !== "")
    .at(-1);
  const said = lastLine === undefined ? "" : `, last saying "${clip(lastLine)}",`;
  if (ended.reason === "OOMKilled") return `used more memory than it has (OOMKilled)${said}`;
  const signal = ended.signal === undefined || ended.signal === 0 ? "" : ` by signal ${ended.signal}`;
  return `ended with exit code ${ended.exitCode}${signal}${said}`;
}

function times(count: number): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
}

function clip(text: string): string {
  return text.length > 300 ? `${text.slice(0, 297)}...` : text;
}
