import type { PodStatus } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import { isRunning } from "../runtime/pod-runtime.ts";
import { podStatus } from "../status/pod-status.ts";
import type { PodContext } from "./context.ts";
import type { PodObject } from "./pod.ts";
import type { PodEntry } from "./pod-entry.ts";

/** The conditions that the kubelet writes; the rest belong to others. */
export const OWN_CONDITIONS = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
]);

/** Computes the Pod's status from what is known now and has it written. Cheap; call it whenever something changed. */
export function publishStatus(context: PodContext, entry: PodEntry): PodStatus {
  const runtime = context.view.get(entry.uid);
  const running = (runtime?.containers ?? []).some(isRunning);
  const status = podStatus({
    pod: withLatest(entry),
    runtime,
    probes: context.probes,
    waiting: entry.waiting,
    replacing: entry.replacing,
    ending: entry.stage !== "running",
    ended: entry.stage !== "running" && !running,
    hostIps: context.hostIps,
    now: context.clock.now(),
    verdict: running ? undefined : entry.verdict,
  });
  entry.status = status;
  if (entry.startingSince !== undefined && isConditionTrue(status.conditions, "Ready")) {
    context.podStarted((performance.now() - entry.startingSince) / 1000);
    entry.startingSince = undefined;
  }
  // A Pod that is being wound up is reported as ended only when nothing runs any more.
  if (!((status.phase === "Succeeded" || status.phase === "Failed") && running))
    context.statuses.set(entry.pod, status);
  return status;
}

/** What the API has may lag behind what was computed last: take our own part from there. */
function withLatest({ pod, status }: PodEntry): PodObject {
  if (status === undefined) return pod;
  const others = (pod.status?.conditions ?? []).filter((item) => !OWN_CONDITIONS.has(item.type));
  const own = (status.conditions ?? []).filter((item) => OWN_CONDITIONS.has(item.type));
  return { ...pod, status: { ...status, conditions: [...others, ...own] } } as PodObject;
}
