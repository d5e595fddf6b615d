import {
  BUILD_STAGES,
  type Build,
  type DeployStageName,
  hasBuildStage,
  LEFT_AT_GENERATION_ANNOTATION,
  type Pod,
  type Release,
  ROUTED_TO_ANNOTATION,
  type RolloutStatus,
} from "@jdos/api";
import type { Stored } from "@jdos/client";
import { conditionOf, heldBack, rolloutUnderWay, rollsInstead } from "../explain/facts.ts";
import { failureOf, refusalOf, releasePods } from "./failure.ts";
import type { ProgressTarget, ProgressWorld } from "./target.ts";

export interface StageNow {
  stage: DeployStageName;
  state: "started" | "done" | "failed" | "skipped";
  seconds?: number;
  message?: string;
}

export interface Assessment {
  stages: StageNow[];
  outcome: "running" | "ready" | "failed";
  release?: Stored<Release>;
  build?: Stored<Build>;
  /** It waits to be promoted: ready as far as it goes by itself. */
  rollout?: RolloutStatus;
  /** outcome failed: one word and a sentence. */
  failure?: { code: string; message: string };
}

/** How far a deploy is, from the objects alone; pure, so that a stream opened again says the same. */
export function assess(target: ProgressTarget, world: ProgressWorld, now: Date): Assessment {
  const stages: StageNow[] = [];
  const build =
    target.build === undefined
      ? undefined
      : world.builds.find(({ metadata }) => metadata.name === target.build);
  if (target.build !== undefined) {
    stages.push(...buildStages(build));
    const failure = build === undefined ? undefined : buildFailure(build);
    if (failure !== undefined) return { stages, outcome: "failed", build: build!, failure };
    if (build?.status?.phase !== "Succeeded")
      return { stages, outcome: "running", ...(build === undefined ? {} : { build }) };
  }
  const found = { ...(build === undefined ? {} : { build }) };
  const release = findRelease(target, world);
  if (release === undefined) return { ...found, ...withoutRelease(target, world, stages) };
  stages.push({ stage: "release", state: "done", message: `release ${release.spec.number}` });
  return { ...found, release, ...rollout(release, world, stages, now) };
}

/** A Build's Release is still to come; what is asked of a Release that does not exist is refused for good. */
function withoutRelease(
  target: ProgressTarget,
  world: ProgressWorld,
  stages: StageNow[],
): Pick<Assessment, "stages" | "outcome" | "failure"> {
  const failure = target.build === undefined ? refusalOf(world) : undefined;
  if (failure === undefined)
    return { stages: [...stages, { stage: "release", state: "started" }], outcome: "running" };
  return {
    stages: [...stages, { stage: "release", state: "failed", message: failure.message }],
    outcome: "failed",
    failure,
  };
}

function buildStages(build: Stored<Build> | undefined): StageNow[] {
  const known = build?.status?.stages ?? [];
  if (build?.status?.phase === "Queued") {
    const place = conditionOf(build, "Succeeded")?.message;
    return [
      { stage: "source", state: "started", message: `queued${place === undefined ? "" : `: ${place}`}` },
    ];
  }
  const over = build?.status?.phase === "Succeeded";
  return BUILD_STAGES.flatMap((name): StageNow[] => {
    const stage = known.find((candidate) => candidate.name === name);
    if (stage === undefined)
      return over && hasBuildStage(name, build?.spec.build) ? [{ stage: name, state: "skipped" }] : [];
    const state =
      stage.state === "Running" ? (over ? "done" : "started") : stage.state === "Failed" ? "failed" : "done";
    return [
      {
        stage: name,
        state,
        ...(stage.seconds === undefined ? {} : { seconds: stage.seconds }),
        ...(stage.message === undefined ? {} : { message: stage.message }),
      },
    ];
  });
}

function buildFailure(build: Stored<Build>): { code: string; message: string } | undefined {
  if (build.status?.phase === "Cancelled") {
    const { reason, message = "no reason was recorded" } = conditionOf(build, "Succeeded") ?? {};
    const code = reason === "Superseded" ? "Superseded" : "BuildCancelled";
    return { code, message: `Build ${build.spec.number} was cancelled: ${message}` };
  }
  if (build.status?.phase !== "Failed") return undefined;
  const stage = build.status.stages?.find(({ state }) => state === "Failed");
  const why = stage?.message ?? conditionOf(build, "Succeeded")?.message ?? "no reason was recorded";
  const at = stage === undefined ? "" : ` at stage "${stage.name}"`;
  return { code: "BuildFailed", message: `Build ${build.spec.number} failed${at}: ${why}` };
}

function findRelease(target: ProgressTarget, world: ProgressWorld): Stored<Release> | undefined {
  if (target.build !== undefined)
    return world.releases.find(({ spec }) => spec.build === target.build && spec.rollbackTo === undefined);
  if (target.release !== undefined) return world.releases.find(({ spec }) => spec.number === target.release);
  if (!isSettled(world, target.generation ?? 0)) return undefined;
  const current = world.releases.find(({ spec }) => spec.number === world.application.spec.release);
  const leftAt = Number(current?.metadata.annotations?.[LEFT_AT_GENERATION_ANNOTATION] ?? 0);
  // What this change asked for was left: what is current now is something else.
  if (current?.spec.insteadOf !== undefined && leftAt >= (target.generation ?? 0))
    return world.releases.find(({ spec }) => spec.number === current.spec.insteadOf);
  return current;
}

/** The controllers have seen this change and all they made of it. */
function isSettled({ application }: ProgressWorld, generation: number): boolean {
  const observed = application.status?.observedGeneration ?? 0;
  return observed >= generation && observed >= (application.metadata.generation ?? 0);
}

type Rollout = Pick<Assessment, "stages" | "outcome" | "failure" | "rollout">;

function rollout(release: Stored<Release>, world: ProgressWorld, stages: StageNow[], now: Date): Rollout {
  const { application } = world;
  const wanted = application.spec.release ?? 0;
  if (wanted > release.spec.number) {
    const failure = replacedBy(wanted, release, world);
    return {
      stages: [...stages, { stage: "rollout", state: "failed", message: failure.message }],
      outcome: "failed",
      failure,
    };
  }
  if (wanted < release.spec.number) {
    const newer = overtaker(release, world);
    if (newer !== undefined) {
      const message = `Release ${wanted} of build "${newer}" is newer and stays`;
      return {
        stages: [...stages, { stage: "rollout", state: "failed", message }],
        outcome: "failed",
        failure: { code: "Superseded", message },
      };
    }
    const released = conditionOf(application, "Released");
    const isFrozen = released?.reason === "Frozen";
    if (application.spec.deployPolicy !== "Manual" && !isFrozen)
      return { stages: [...stages, { stage: "rollout", state: "started" }], outcome: "running" };
    const message = isFrozen
      ? (released.message ?? "the system is frozen")
      : "not made current: deployPolicy is Manual";
    return {
      stages: [
        ...stages,
        { stage: "rollout", state: "skipped", message },
        { stage: "ready", state: "skipped", message },
      ],
      outcome: "ready",
    };
  }
  const tried = rolloutUnderWay(application);
  if (tried !== undefined) return triedRollout(tried, { release, world, stages, now });
  const replicas = application.spec.replicas ?? 1;
  const pods = releasePods(release, world.pods);
  const readyPods = pods.filter((pod) => conditionOf(pod as never, "Ready")?.status === "True").length;
  const waits = heldBack(application);
  const rolled = pods.length >= replicas;
  const all: StageNow[] = [
    ...stages,
    {
      stage: "rollout",
      state: rolled ? "done" : "started",
      message: [`${Math.min(pods.length, replicas)} of ${replicas} Pods`, waits, rollsInstead(application)]
        .filter((part) => part !== undefined)
        .join("; "),
    },
    ...(rolled
      ? [{ stage: "ready", state: "started", message: `${readyPods} of ${replicas} Pods ready` } as const]
      : []),
  ];
  if (isServing(release, world, replicas) && isRouted(world, pods))
    return { stages: all.map(asDone), outcome: "ready" };
  // What the Deployment says is of the time before.
  const failure = failureOf(waits === undefined ? world : { ...world, deployment: undefined }, pods, now);
  if (failure === undefined) return { stages: all, outcome: "running" };
  return { stages: failLast(all, failure.message), outcome: "failed", failure };
}

/** The later Build whose Release is current: a Build that ends after it is recorded, and replaces nothing. */
function overtaker(
  release: Stored<Release>,
  { application, releases, builds }: ProgressWorld,
): string | undefined {
  const current = releases.find(({ spec }) => spec.number === application.spec.release);
  const numberOf = (name: string | undefined): number =>
    builds.find(({ metadata }) => metadata.name === name)?.spec.number ?? 0;
  return numberOf(current?.spec.build) > numberOf(release.spec.build) ? current?.spec.build : undefined;
}

/** Another Release is current: because this one was left, or because somebody wanted another. */
function replacedBy(
  wanted: number,
  release: Stored<Release>,
  world: ProgressWorld,
): NonNullable<Assessment["failure"]> {
  const { number } = release.spec;
  const instead = world.releases.find(({ spec }) => spec.insteadOf === number);
  if (instead === undefined)
    return {
      code: "Superseded",
      message: `Release ${number} was replaced by release ${wanted} before it was ready`,
    };
  return {
    code: "ReleaseLeft",
    message: `Release ${number} was left, release ${instead.spec.number} took its place: ${instead.spec.reason ?? "no reason given"}`,
  };
}

interface Tried {
  release: Stored<Release>;
  world: ProgressWorld;
  stages: StageNow[];
  now: Date;
}

/** A rollout with a strategy says itself how far it is; one that waits to be promoted goes no further alone. */
function triedRollout(tried: RolloutStatus, { release, world, stages, now }: Tried): Rollout {
  const message = tried.message ?? tried.phase;
  if (tried.phase === "Paused") {
    return {
      stages: [
        ...stages,
        { stage: "rollout", state: "done", message },
        { stage: "ready", state: "skipped", message: "it waits to be promoted" },
      ],
      outcome: "ready",
      rollout: tried,
    };
  }
  const all: StageNow[] = [...stages, { stage: "rollout", state: "started", message }];
  const failure = failureOf(world, releasePods(release, world.pods), now);
  if (failure === undefined) return { stages: all, outcome: "running" };
  return { stages: failLast(all, failure.message), outcome: "failed", failure };
}

function isServing(release: Stored<Release>, { application }: ProgressWorld, replicas: number): boolean {
  const { status, metadata } = application;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return false;
  if (status?.currentRelease !== release.spec.number) return replicas === 0;
  return conditionOf(application, "Ready")?.status === "True" || replicas === 0;
}

/** The load balancer has said that the routes lead to this Release's Pods and no others. */
function isRouted({ ingress }: ProgressWorld, pods: readonly Stored<Pod>[]): boolean {
  if (ingress === undefined) return true;
  const routed = ingress.metadata.annotations?.[ROUTED_TO_ANNOTATION];
  const wanted = pods.map(({ status }) => status?.podIP ?? "").sort();
  return routed === wanted.join(",");
}

function asDone(stage: StageNow): StageNow {
  return stage.state === "started" ? { ...stage, state: "done" } : stage;
}

function failLast(stages: StageNow[], message: string): StageNow[] {
  return stages.map((stage, index) =>
    index === stages.length - 1 ? { ...stage, state: "failed", message } : stage,
  );
}
