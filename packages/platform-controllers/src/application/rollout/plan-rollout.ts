import type { RolloutStatus } from "@jdos/api";
import { planBlueGreen } from "./blue-green.ts";
import { planCanary } from "./canary.ts";
import { isOf } from "./deployment-state.ts";
import { planInPlace } from "./in-place.ts";
import { openings } from "./in-place-steps.ts";
import { isAborted, planRolling } from "./plan-rolling.ts";
import { recordOf } from "./record.ts";
import { isGoing, isThere, leadsBeside, removal, weightOf } from "./removal.ts";
import { podsNumber, type RolloutPlan, type RolloutWorld } from "./rollout-world.ts";

/** How the wanted Release is brought to serve: what is to be written now, by the objects and the status alone. */
export function planRollout(world: RolloutWorld): RolloutPlan {
  if (world.application.spec.rollout?.strategy === "InPlace") return planInPlace(world);
  // Pods from when it had that strategy may be there still.
  return { ...planReplacement(world), podSteps: openings(world) };
}

/** By a strategy that makes new Pods. */
function planReplacement(world: RolloutWorld): RolloutPlan {
  const { stable } = world;
  const strategy = strategyOf(world);
  if (stable === undefined || strategy === "Rolling") return planRolling(world);
  const aborted = isAborted(world) ? { leave: "it was aborted by hand" } : {};
  const record = recordOf(world, strategy);
  if (isInTheWay(world, record)) {
    const message = `Release v${world.wanted.spec.number} waits until the one that was tried before is gone`;
    const from = stable.spec.number;
    return {
      own: stable,
      ...removal(world, stable),
      status: {
        ...{ phase: "Starting", strategy, release: world.wanted.spec.number, from, step: 1, weight: 0 },
        ...{ since: record?.since ?? world.now.toISOString(), message },
      },
      ...aborted,
    };
  }
  const plan = strategy === "Canary" ? planCanary : planBlueGreen;
  return { ...plan(world, { stable, record }), ...aborted };
}

/** Rolling where there is nothing to compare with, nothing to compare, or no time for it: somebody rolls back. */
function strategyOf({ application, wanted, stable }: RolloutWorld): "Rolling" | "Canary" | "BlueGreen" {
  const { strategy = "Rolling" } = application.spec.rollout ?? {};
  if (strategy === "Rolling" || strategy === "InPlace" || stable === undefined) return "Rolling";
  if (podsNumber(wanted) === podsNumber(stable) || wanted.spec.rollbackTo !== undefined) return "Rolling";
  return (application.spec.replicas ?? 1) === 0 ? "Rolling" : strategy;
}

/** Something else stands beside, or the same is on its way out: one thing after another. */
function isInTheWay(world: RolloutWorld, record: RolloutStatus | undefined): boolean {
  const { beside, wanted } = world;
  const { deployment } = beside;
  if (!isThere(beside)) return false;
  if (isGoing(beside) || (deployment !== undefined && !isOf(deployment, wanted))) return true;
  // Of a run that was killed before it wrote the status: nothing leads there yet.
  const isFresh = deployment !== undefined && weightOf(beside) === 0 && !leadsBeside(world);
  return record === undefined && !isFresh;
}
