import type { ContainerStatus } from "@jdos/api";
import { containersOf, initContainersOf, isSidecar, type PodObject, specOf } from "../pod/pod.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** A Pod's phase from its containers. Source: kubernetes.io, Pod Lifecycle, Pod phase. */
export function podPhase(
  pod: PodObject,
  init: readonly ContainerStatus[],
  containers: readonly ContainerStatus[],
  { ended }: { ended: boolean },
): PodPhase {
  const policy = specOf(pod).restartPolicy ?? "Always";
  const initState = initProgress(pod, init);
  if (initState === "failed" && policy === "Never") return "Failed";
  const counts = count(containersOf(pod).length, containers);
  if (initState !== "done" && counts.running === 0 && counts.stopped === 0) return "Pending";
  if (counts.waiting > 0) return ended ? "Failed" : "Pending";
  if (counts.running > 0) return "Running";
  if (counts.stopped === 0) return "Pending";
  if (ended) return counts.stopped === counts.succeeded ? "Succeeded" : "Failed";
  if (policy === "Always") return "Running";
  if (counts.stopped === counts.succeeded) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

function initProgress(pod: PodObject, statuses: readonly ContainerStatus[]): "pending" | "failed" | "done" {
  let result: "pending" | "done" = "done";
  for (const spec of initContainersOf(pod)) {
    const status = statuses.find((item) => item.name === spec.name);
    if (isSidecar(spec)) {
      if (status?.started !== true) result = "pending";
      continue;
    }
    const end = status?.state?.terminated;
    if (end !== undefined && end.exitCode !== 0) return "failed";
    if (end === undefined) result = "pending";
  }
  return result;
}

interface Counts {
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
}

function count(expected: number, statuses: readonly ContainerStatus[]): Counts {
  const counts: Counts = { running: 0, waiting: expected - statuses.length, stopped: 0, succeeded: 0 };
  for (const { state, lastState } of statuses) {
    if (state?.running !== undefined) counts.running++;
    else if (state?.terminated !== undefined) {
      counts.stopped++;
      if (state.terminated.exitCode === 0) counts.succeeded++;
    } else if (lastState?.terminated !== undefined) counts.stopped++;
    else counts.waiting++;
  }
  return counts;
}
