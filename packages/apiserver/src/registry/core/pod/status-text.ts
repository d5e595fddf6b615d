import type { ContainerStatus, Pod } from "@jdos/api";
import type { DeepReadonly } from "@jdos/apimachinery";
import { humanDuration } from "../../../printing/human-duration.ts";

/** What `kubectl get pods` says about a Pod. */
export interface PodSummary {
  /** "1/2" */
  ready: string;
  /** "Running", "Init:0/1", "CrashLoopBackOff", "Terminating", ... */
  status: string;
  /** "0", "3 (2m ago)" */
  restarts: string;
}

type Status = DeepReadonly<ContainerStatus>;
type ReadonlyPod = DeepReadonly<Pod>;

/** Reads the one line that says best how a Pod does, by kubectl's rules. */
export function summarize(pod: ReadonlyPod, now: Date): PodSummary {
  const init = initProgress(pod);
  const containers = pod.status?.containerStatuses ?? [];
  const counted = init.status === undefined ? [...sidecars(pod), ...containers] : init.seen;
  const total = (pod.spec?.containers?.length ?? 0) + sidecarNames(pod).size;
  const readySidecars = sidecars(pod).filter((one) => one.started === true && one.ready).length;
  const ready = containers.filter((one) => one.ready && one.state?.running !== undefined).length;
  return {
    ready: `${init.status === undefined ? ready + readySidecars : readySidecars}/${total}`,
    status: finalStatus(pod, init.status ?? containerReason(pod)),
    restarts: restartsText(counted, now),
  };
}

function sidecarNames(pod: ReadonlyPod): Set<string> {
  const always = (pod.spec?.initContainers ?? []).filter((one) => one.restartPolicy === "Always");
  return new Set(always.map((one) => one.name));
}

function sidecars(pod: ReadonlyPod): Status[] {
  const names = sidecarNames(pod);
  return (pod.status?.initContainerStatuses ?? []).filter((one) => names.has(one.name));
}

/** "Init:..." while an init container is not done, with the statuses that were looked at. */
function initProgress(pod: ReadonlyPod): { status?: string; seen: Status[] } {
  const names = sidecarNames(pod);
  const seen: Status[] = [];
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [index, one] of (pod.status?.initContainerStatuses ?? []).entries()) {
    seen.push(one);
    const { terminated, waiting } = one.state ?? {};
    if (terminated !== undefined && terminated.exitCode === 0) continue;
    if (names.has(one.name) && one.started === true) continue;
    if (terminated !== undefined) return { status: `Init:${terminatedReason(terminated)}`, seen };
    const reason = waiting?.reason ?? "";
    if (reason !== "" && reason !== "PodInitializing") return { status: `Init:${reason}`, seen };
    return { status: `Init:${index}/${total}`, seen };
  }
  return { seen };
}

type Terminated = NonNullable<NonNullable<Status["state"]>["terminated"]>;

function terminatedReason({ reason, signal, exitCode }: Terminated): string {
  if (reason !== undefined && reason !== "") return reason;
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

/** The first container's reason wins; the Pod's own reason or phase when no container has one. */
function containerReason(pod: ReadonlyPod): string {
  let reason = phaseReason(pod);
  let running = false;
  for (const one of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated } = one.state ?? {};
    if (waiting?.reason !== undefined && waiting.reason !== "") reason = waiting.reason;
    else if (terminated !== undefined) reason = terminatedReason(terminated);
    else if (one.ready && one.state?.running !== undefined) running = true;
  }
  if (reason !== "Completed" || !running) return reason;
  return isTrue(pod, "Ready") ? "Running" : "NotReady";
}

function phaseReason(pod: ReadonlyPod): string {
  const own = pod.status?.reason;
  if (own !== undefined && own !== "") return own;
  const scheduled = pod.status?.conditions?.find((one) => one.type === "PodScheduled");
  if (scheduled?.reason === "SchedulingGated") return "SchedulingGated";
  return pod.status?.phase ?? "Unknown";
}

function isTrue(pod: ReadonlyPod, type: string): boolean {
  return pod.status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}

function finalStatus(pod: ReadonlyPod, status: string): string {
  if (pod.metadata?.deletionTimestamp === undefined) return status;
  if (pod.status?.reason === "NodeLost") return "Unknown";
  const over = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  return over ? status : "Terminating";
}

function restartsText(statuses: readonly Status[], now: Date): string {
  const count = statuses.reduce((sum, one) => sum + (one.restartCount ?? 0), 0);
  const times = statuses
    .map((one) => one.lastState?.terminated?.finishedAt)
    .filter((time) => time !== undefined)
    .map((time) => Date.parse(time));
  if (count === 0 || times.length === 0) return String(count);
  return `${count} (${humanDuration(now.getTime() - Math.max(...times))} ago)`;
}
