import type { Pod, PodView } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { conditionOf, containerStatuses, isPodReady, releaseNumberOf } from "../explain/facts.ts";

export function podView(pod: Stored<Pod>): PodView {
  const { metadata, spec, status } = pod;
  const release = releaseNumberOf(pod);
  const ready = isPodReady(pod);
  const message = ready ? undefined : whyNotReady(pod);
  return {
    name: metadata.name,
    status: podStatus(pod),
    ready,
    restarts: (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...(release === undefined ? {} : { release }),
    ...(spec?.nodeName === undefined ? {} : { node: spec.nodeName }),
    ...(status?.podIP === undefined ? {} : { ip: status.podIP }),
    ...(message === undefined ? {} : { message }),
    ...(status?.startTime === undefined ? {} : { startedAt: status.startTime }),
    createdAt: metadata.creationTimestamp,
  };
}

/** One word as in kubectl's STATUS column. */
export function podStatus(pod: Stored<Pod>): string {
  if (pod.metadata.deletionTimestamp !== undefined) return "Terminating";
  for (const { state } of containerStatuses(pod)) {
    const waiting = state?.waiting?.reason;
    if (waiting !== undefined && waiting !== "PodInitializing") return waiting;
    const end = state?.terminated;
    if (end !== undefined && end.exitCode !== 0) return end.reason ?? `ExitCode:${end.exitCode}`;
  }
  return pod.status?.reason ?? pod.status?.phase ?? "Pending";
}

function whyNotReady(pod: Stored<Pod>): string | undefined {
  for (const { name, state } of containerStatuses(pod)) {
    if (state?.waiting?.message !== undefined) return `${name}: ${state.waiting.message}`;
    if (state?.terminated !== undefined && state.terminated.exitCode !== 0)
      return `${name}: exit code ${state.terminated.exitCode}`;
  }
  const scheduled = conditionOf(pod as never, "PodScheduled");
  if (scheduled?.status === "False") return scheduled.message;
  return conditionOf(pod as never, "Ready")?.message;
}
