import { DEFAULT_KEEP_SECONDS, type Release, type RolloutStatus } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isComplete, isOf } from "./deployment-state.ts";
import { failingPods } from "./judge.ts";
import { type Draft, isPromoted, settle } from "./record.ts";
import type { RolloutPlan, RolloutWorld } from "./rollout-world.ts";

/** All who lead requests have followed the switch by then. */
const MIN_KEEP_SECONDS = 5;

/**
 * The wanted Release stands beside the own Pods at full size; the application's Service leads there at once when all is
 * ready. After a while the own Pods become the wanted Release's, and the Service leads back to them.
 */
export function planBlueGreen(
  world: RolloutWorld,
  { stable, record }: { stable: Stored<Release>; record: RolloutStatus | undefined },
): RolloutPlan {
  const now: Draft = record ?? { phase: "Starting", step: 1, weight: 0 };
  const failure = failingPods(world, now.phase === "Promoting" ? world.own : world.beside.deployment);
  const next = failure === undefined ? advance(world, now) : now;
  const switched = next.weight > 0;
  const promoting = next.phase === "Promoting";
  return settle(world, {
    own: promoting ? world.wanted : stable,
    ...(promoting ? { ownIdle: true } : {}),
    front: switched ? { to: "beside", release: world.wanted } : { to: "own", release: stable },
    beside: { action: "render", replicas: world.application.spec.replicas ?? 1 },
    before: record,
    draft: { ...next, message: sentence(world, stable, next) },
    ...(failure === undefined ? {} : { failure }),
    ...(next === now ? {} : { moved: true }),
    ...(next.phase === "Progressing" ? { wakeSeconds: remaining(world, next) } : {}),
  });
}

function advance(world: RolloutWorld, now: Draft): Draft {
  if (now.phase === "Promoting") return now;
  const { deployment } = world.beside;
  const replicas = world.application.spec.replicas ?? 1;
  const ready =
    isOf(deployment, world.wanted) && isComplete(deployment) && deployment?.spec?.replicas === replicas;
  if (!ready) return now;
  const held = world.application.spec.rollout?.blueGreen?.hold === true;
  const promoted = isPromoted(world, "1") || isPromoted(world, "all");
  if (now.phase !== "Progressing") {
    if (!held || promoted) return { phase: "Progressing", step: 2, weight: 100 };
    return now.phase === "Paused" ? now : { phase: "Paused", step: 1, weight: 0 };
  }
  return remaining(world, now) <= 0 ? { ...now, phase: "Promoting" } : now;
}

function remaining(world: RolloutWorld, { since }: Draft): number {
  const { keepSeconds = DEFAULT_KEEP_SECONDS } = world.application.spec.rollout?.blueGreen ?? {};
  const wanted = isPromoted(world, "2") ? 0 : keepSeconds;
  const passed = since === undefined ? 0 : (world.now.getTime() - Date.parse(since)) / 1000;
  return Math.max(wanted, MIN_KEEP_SECONDS) - passed;
}

function sentence({ wanted }: RolloutWorld, stable: Stored<Release>, { phase }: Draft): string {
  const [name, before] = [`Release v${wanted.spec.number}`, `v${stable.spec.number}`];
  switch (phase) {
    case "Starting":
      return `${name} starts beside ${before}, which takes all requests`;
    case "Paused":
      return `${name} is ready beside ${before} and waits to be promoted`;
    case "Promoting":
      return `${name} takes all requests; Pods of ${before} are replaced`;
    default:
      return `${name} takes all requests; ${before} is kept for a while`;
  }
}
