import {
  appFlags,
  conditionOf,
  earlierReleaseServing,
  eventTime,
  heldBack,
  isPodReady,
  rolloutUnderWay,
  rollsInstead,
  stillServing,
  wantedPods,
  wantedRelease,
} from "../facts.ts";
import type { Situation } from "../situations.ts";
import { missingVariableStep } from "./crash.ts";

export const paused: Situation = (world) => {
  if (world.deployment?.spec?.paused !== true) return undefined;
  // A moment of every rollout in place, and nothing for anybody to resume.
  if (world.application.spec.rollout?.strategy === "InPlace") return undefined;
  const { name, namespace } = world.deployment.metadata;
  return {
    situation: "Paused",
    healthy: false,
    sentence: `The rollout of "${name}" is paused${stillServing(world)}`,
    evidence: [{ from: `Deployment/${name}`, text: "spec.paused is true" }],
    nextStep: `Let it go on: kubectl rollout resume deployment/${name} -n ${namespace}`,
  };
};

export const rolloutStalled: Situation = (world) => {
  const progressing = conditionOf(world.deployment as never, "Progressing");
  if (progressing?.reason !== "ProgressDeadlineExceeded") return undefined;
  return {
    situation: "RolloutStalled",
    healthy: false,
    sentence: `The rollout of release ${world.application.spec.release ?? "?"} made no progress within its deadline${stillServing(world)}`,
    evidence: [
      {
        from: `Deployment/${world.deployment?.metadata.name}`,
        text: progressing.message ?? "ProgressDeadlineExceeded",
      },
    ],
    nextStep: `See which Pods do not become ready (jdos ps ${appFlags(world)}), or return to the last release: jdos rollback`,
  };
};

/** A Release is tried by a strategy, and nothing is wrong with it. */
export const tried: Situation = (world) => {
  const rollout = rolloutUnderWay(world.application);
  const unready = wantedPods(world).some((pod) => !isPodReady(pod));
  if (rollout === undefined) return undefined;
  // In place the Pods that are being changed are not ready, and nothing else is wrong with them.
  if (unready && rollout.phase !== "Paused" && rollout.strategy !== "InPlace") return undefined;
  const flags = appFlags(world);
  return {
    situation: rollout.phase === "Paused" ? "WaitsForPromotion" : "BeingTried",
    healthy: true,
    sentence: rollout.message ?? `Release ${rollout.release} is being rolled out (${rollout.phase})`,
    evidence: [
      {
        from: `Application/${world.application.metadata.name}`,
        text: `${rollout.strategy} is ${rollout.phase} since ${rollout.since}`,
      },
    ],
    nextStep:
      rollout.phase === "Paused"
        ? `Go on: jdos canary promote ${flags}; or return to the release before: jdos canary abort ${flags}`
        : `Follow it: jdos canary status ${flags}`,
  };
};

/** A Release was left for the one before it, which serves. */
export const left: Situation = (world) => {
  const release = wantedRelease(world);
  if (release?.spec.insteadOf === undefined) return undefined;
  const ready = wantedPods(world).filter(isPodReady).length;
  const wanted = world.application.spec.replicas ?? 1;
  if (ready < wanted) return undefined;
  const reason = release.spec.reason ?? `release ${release.spec.insteadOf} was left`;
  return {
    situation: "ReleaseLeft",
    healthy: true,
    sentence: `Release ${release.spec.number} runs with ${ready} of ${wanted} Pods ready: ${reason}`,
    evidence: [{ from: `Release/${release.metadata.name}`, text: reason }],
    nextStep:
      missingVariableStep(reason, world) ??
      `Correct it and deploy again; what there is: jdos releases ${appFlags(world)}`,
  };
};

/** Nodes pull an image before its Pods are made. */
export const spreading: Situation = (world) => {
  const why = heldBack(world.application);
  if (why === undefined) return undefined;
  return {
    situation: "SpreadingImage",
    healthy: true,
    sentence: `${why}${stillServing(world)}`,
    evidence: [
      {
        from: `Application/${world.application.metadata.name}`,
        text: `Pods are held back since ${world.application.status?.spread?.since}`,
      },
    ],
    nextStep: "Wait: the Pods come when nodes have the image, or when that takes too long",
  };
};

export const starting: Situation = (world) => {
  const pods = wantedPods(world);
  const waiting = pods.filter((pod) => !isPodReady(pod));
  const pod = waiting[0];
  if (pod === undefined) return undefined;
  const since = pod.status?.startTime ?? pod.metadata.creationTimestamp;
  const latest = world.events
    .filter((event) => event.involvedObject.name === pod.metadata.name)
    .sort((a, b) => eventTime(b).localeCompare(eventTime(a)))[0];
  return {
    situation: "Starting",
    healthy: false,
    sentence: `${waiting.length} of ${pods.length} Pods ${waiting.length === 1 ? "is" : "are"} starting: "${pod.metadata.name}" since ${since}${stillServing(world)}`,
    evidence:
      latest === undefined
        ? []
        : [{ from: `event of Pod/${pod.metadata.name}`, text: latest.message ?? latest.reason ?? "" }],
    nextStep: "Wait a few seconds and ask again",
  };
};

export const rollingOut: Situation = (world) => {
  const wanted = world.application.spec.replicas ?? 1;
  const pods = wantedPods(world);
  const earlier = earlierReleaseServing(world);
  if (pods.length >= wanted && earlier === undefined) return undefined;
  const instead = rollsInstead(world.application);
  return {
    situation: "RollingOut",
    healthy: false,
    sentence: `Release ${world.application.spec.release ?? "?"} is being rolled out: ${pods.filter(isPodReady).length} of ${wanted} Pods are ready${stillServing(world)}${instead === undefined ? "" : `. ${instead}`}`,
    evidence: [
      {
        from: `Application/${world.application.metadata.name}`,
        text:
          conditionOf(world.application, "Progressing")?.message ?? `${pods.length} of ${wanted} Pods exist`,
      },
    ],
    nextStep: "Wait a few seconds and ask again",
  };
};

export const notRouted: Situation = (world) => {
  const routed = conditionOf(world.application, "Routed");
  if (routed?.status !== "False") return undefined;
  return {
    situation: "NotRouted",
    healthy: false,
    sentence: `The Pods are ready, but the route does not lead to them yet: ${routed.message ?? routed.reason}`,
    evidence: [
      {
        from: `Application/${world.application.metadata.name}`,
        text: `Routed is False: ${routed.message ?? routed.reason}`,
      },
    ],
    nextStep: "Wait a few seconds; if it stays so, see with jdos status whether the load balancer runs",
  };
};

export const healthy: Situation = (world) => {
  const ready = wantedPods(world).filter(isPodReady).length;
  const wanted = world.application.spec.replicas ?? 1;
  if (ready < wanted) return undefined;
  const url = world.application.status?.url;
  return {
    situation: "Healthy",
    healthy: true,
    sentence: `Nothing is wrong: release ${world.application.spec.release ?? "?"} runs with ${ready} of ${wanted} Pods ready${url === undefined ? "" : ` and answers at ${url}`}`,
    evidence: [
      {
        from: `Application/${world.application.metadata.name}`,
        text: conditionOf(world.application, "Ready")?.message ?? `${ready} Pods ready`,
      },
    ],
    nextStep: `Open it: jdos open ${appFlags(world)}`,
  };
};
