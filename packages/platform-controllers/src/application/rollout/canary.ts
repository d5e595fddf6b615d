import { type CanaryStep, DEFAULT_CANARY_STEPS, type Release, type RolloutStatus } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isComplete, isOf } from "./deployment-state.ts";
import { failingAnswers, failingPods, trafficAt } from "./judge.ts";
import { type Draft, isPromoted, settle } from "./record.ts";
import type { RolloutPlan, RolloutWorld } from "./rollout-world.ts";

/** A load balancer that tells how a canary answers has done so by then. */
const TELLING_SECONDS = 10;

/**
 * The wanted Release takes a growing share of the requests, step by step: Pods for the step, then its weight, then its
 * time. After the last one the own Pods become the wanted Release's while it goes on.
 */
export function planCanary(
  world: RolloutWorld,
  { stable, record }: { stable: Stored<Release>; record: RolloutStatus | undefined },
): RolloutPlan {
  const steps = stepsOf(world);
  const now: Draft = record ?? { phase: "Starting", step: 1, weight: 0 };
  const promoting = now.phase === "Promoting";
  const failure =
    failingPods(world, promoting ? world.own : world.beside.deployment) ?? failingAnswers(world, now.weight);
  const next = failure === undefined ? advance(world, steps, now) : now;
  const weight = next.weight;
  const step = steps[(next.step ?? 1) - 1];
  const own = next.phase === "Promoting" ? world.wanted : stable;
  return settle(world, {
    own,
    front: { to: "own", release: own },
    beside: {
      action: "render",
      replicas: replicasFor(world, Math.max(weight, step?.weight ?? 0)),
      weight,
    },
    before: record,
    draft: { ...next, steps: steps.length, message: sentence(world, stable, next, steps.length) },
    ...(failure === undefined ? {} : { failure }),
    ...(next === now ? {} : { moved: true }),
    ...(next.phase === "Progressing" ? { wakeSeconds: remaining(world, next, step) } : {}),
    ...(next.phase === "Paused" ? { wakeSeconds: TELLING_SECONDS } : {}),
  });
}

function stepsOf({ application }: RolloutWorld): readonly CanaryStep[] {
  const given = application.spec.rollout?.canary?.steps ?? [];
  return given.length === 0 ? DEFAULT_CANARY_STEPS : (given as readonly CanaryStep[]);
}

function advance(world: RolloutWorld, steps: readonly CanaryStep[], now: Draft): Draft {
  const number = now.step ?? 1;
  const step = steps[number - 1];
  if (now.phase === "Promoting") return now;
  if (step === undefined || isPromoted(world, "all")) {
    // Only a Release whose Pods were seen ready replaces the others.
    return isReady(world) ? { ...now, phase: "Promoting" } : now;
  }
  const replicas = replicasFor(world, Math.max(now.weight, step.weight));
  if (!isReady(world, replicas)) return now;
  if (now.phase === "Starting")
    return {
      phase: step.pauseSeconds === undefined ? "Paused" : "Progressing",
      step: number,
      weight: step.weight,
    };
  const over = step.pauseSeconds !== undefined && remaining(world, now, step) <= 0;
  if (!over && !isPromoted(world, String(number))) return now;
  return number >= steps.length
    ? { ...now, phase: "Promoting" }
    : { phase: "Starting", step: number + 1, weight: now.weight };
}

function isReady({ beside, wanted }: RolloutWorld, replicas?: number): boolean {
  const { deployment } = beside;
  if (!isOf(deployment, wanted) || !isComplete(deployment)) return false;
  return replicas === undefined || deployment?.spec?.replicas === replicas;
}

function remaining(world: RolloutWorld, { since }: Draft, step: CanaryStep | undefined): number {
  return (step?.pauseSeconds ?? 0) - (since === undefined ? 0 : passedSeconds(world, since));
}

function passedSeconds({ now }: RolloutWorld, since: string): number {
  return (now.getTime() - Date.parse(since)) / 1000;
}

/** As many Pods as its share of the requests needs, and always one. */
export function replicasFor({ application }: RolloutWorld, weight: number): number {
  return Math.max(1, Math.ceil(((application.spec.replicas ?? 1) * weight) / 100));
}

function sentence(world: RolloutWorld, stable: Stored<Release>, draft: Draft, steps: number): string {
  const [name, before] = [`Release v${world.wanted.spec.number}`, `v${stable.spec.number}`];
  const at = `step ${draft.step} of ${steps}`;
  const share =
    world.stable?.spec.routes?.length === 0
      ? "takes no requests, for there are no routes"
      : `takes ${draft.weight} % of the requests, ${before} the others`;
  switch (draft.phase) {
    case "Starting":
      return `${name} ${share}; its Pods for ${at} start`;
    case "Paused":
      return `${name} ${share}; it waits at ${at} to be promoted${unknownErrors(world, draft)}`;
    case "Promoting":
      return `${name} ${share}; Pods of ${before} are replaced`;
    default:
      return `${name} ${share}; ${at}${unknownErrors(world, draft)}`;
  }
}

function unknownErrors(world: RolloutWorld, { weight, since }: Draft): string {
  if (weight === 0 || trafficAt(world, weight) !== undefined) return "";
  if (since === undefined || passedSeconds(world, since) < TELLING_SECONDS) return "";
  return ". It is judged by readiness alone: no load balancer tells how it answers";
}
