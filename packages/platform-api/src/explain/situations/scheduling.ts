import { appFlags, conditionOf, eventTime, stillServing, wantedPods } from "../facts.ts";
import type { Situation } from "../situations.ts";
import type { World } from "../world.ts";

/** Why the ReplicaSet could not make a Pod: the Deployment's condition, else the latest FailedCreate event. */
function creationRefused(world: World): { from: string; text: string } | undefined {
  const condition = conditionOf(world.deployment as never, "ReplicaFailure");
  if (condition?.status === "True" && condition.message !== undefined) {
    return { from: `Deployment/${world.deployment?.metadata.name}`, text: condition.message };
  }
  if (wantedPods(world).length >= (world.application.spec.replicas ?? 1)) return undefined;
  const event = world.events
    .filter(({ reason }) => reason === "FailedCreate")
    .sort((a, b) => eventTime(b).localeCompare(eventTime(a)))[0];
  if (event === undefined) return undefined;
  return {
    from: `event of ${event.involvedObject.kind}/${event.involvedObject.name}`,
    text: event.message ?? "FailedCreate",
  };
}

export const quotaExceeded: Situation = (world) => {
  const refused = creationRefused(world);
  if (refused === undefined || !refused.text.includes("exceeded quota")) return undefined;
  const detail = /requested: (.+?), used: (.+?), limited: (.+)$/.exec(refused.text);
  const system = world.application.metadata.namespace;
  const facts =
    detail === null ? "" : `: it asks for ${detail[1]}, ${detail[2]} is used and ${detail[3]} is the limit`;
  return {
    situation: "QuotaExceeded",
    healthy: false,
    sentence: `No further Pod may be made because system "${system}" has reached its quota${facts}${stillServing(world)}`,
    evidence: [refused],
    nextStep: `Scale something in the system down (jdos app list --system ${system}), ask for less, or ask for a larger quota`,
  };
};

export const podRefused: Situation = (world) => {
  const refused = creationRefused(world);
  if (refused === undefined) return undefined;
  return {
    situation: "PodRefused",
    healthy: false,
    sentence: `The cluster refuses to make the Pods: ${refused.text}${stillServing(world)}`,
    evidence: [refused],
    nextStep: `Correct what the message names and deploy again; jdos events ${appFlags(world)} shows all attempts`,
  };
};

export const unschedulable: Situation = (world) => {
  for (const pod of wantedPods(world)) {
    const scheduled = conditionOf(pod as never, "PodScheduled");
    if (scheduled?.status !== "False") continue;
    const why = scheduled.message ?? "no node fits";
    return {
      situation: "Unschedulable",
      healthy: false,
      sentence: `Pod "${pod.metadata.name}" has no node to run on: ${why}${stillServing(world)}`,
      evidence: [{ from: `Pod/${pod.metadata.name}`, text: why }],
      nextStep: unschedulableStep(why, world),
    };
  }
  return undefined;
};

function unschedulableStep(why: string, world: World): string {
  if (/Insufficient (cpu|memory)/.test(why)) {
    return `Ask for less ${/Insufficient memory/.test(why) ? "memory" : "cpu"} per replica, or for fewer replicas: jdos scale --replicas N ${appFlags(world)}`;
  }
  if (why.includes("taint"))
    return "Free the node of its taint (kubectl describe node), or wait until it is ready again";
  return "Make room on the nodes, or ask for less";
}

export const waitsForScheduler: Situation = (world) => {
  const pod = wantedPods(world).find(
    ({ spec, status }) => spec?.nodeName === undefined && (status?.phase ?? "Pending") === "Pending",
  );
  if (pod === undefined) return undefined;
  return {
    situation: "WaitsForScheduler",
    healthy: false,
    sentence: `Pod "${pod.metadata.name}" waits for the scheduler to give it a node${stillServing(world)}`,
    evidence: [
      {
        from: `Pod/${pod.metadata.name}`,
        text: `phase Pending since ${pod.metadata.creationTimestamp}, no node`,
      },
    ],
    nextStep: "Wait a few seconds; if it stays so, see with jdos status whether the scheduler runs",
  };
};
