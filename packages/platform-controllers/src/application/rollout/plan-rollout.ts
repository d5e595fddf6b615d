import { ABORT_ANNOTATION, type RolloutStatus } from "@jdos/api";
import { planBlueGreen } from "./blue-green.ts";
import { planCanary } from "./canary.ts";
import { isComplete, isOf } from "./deployment-state.ts";
import { failingPods } from "./judge.ts";
import { isGoing, isThere, leadsBeside, removal, weightOf } from "./removal.ts";
import { podsNumber, type RolloutPlan, type RolloutWorld } from "./rollout-world.ts";

/** How the wanted Release is brought to serve: what is to be written now, by the objects and the status alone. */
export function planRollout(world: RolloutWorld): RolloutPlan {
  const { stable } = world;
  const strategy = strategyOf(world);
  if (stable === undefined || strategy === "Rolling") return planRolling(world);
  const aborted = isAborted(world) ? { leave: "it was aborted by hand" } : {};
  const record = recordOf(world);
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

/** How this very rollout stood; undefined where it is yet to begin. */
function recordOf({ application, wanted }: RolloutWorld): RolloutStatus | undefined {
  const record = application.status?.rollout as RolloutStatus | undefined;
  const { strategy } = application.spec.rollout ?? {};
  const isThis = record?.release === wanted.spec.number && record.strategy === strategy;
  const isActive = !["Finishing", "Complete", "Aborted"].includes(record?.phase ?? "");
  return isThis && isActive ? record : undefined;
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

function planRolling(world: RolloutWorld): RolloutPlan {
  const { wanted } = world;
  const status = rollingStatus(world);
  const leave = leaveOf(world);
  return {
    own: wanted,
    ...removal(world, wanted),
    ...(status === undefined ? {} : { status }),
    ...(leave === undefined ? {} : { leave }),
  };
}

function leaveOf(world: RolloutWorld): string | undefined {
  const { application, wanted, stable, own } = world;
  // A Release that returns to an earlier one is not left in its turn.
  if (stable === undefined || wanted.spec.insteadOf !== undefined) return undefined;
  if (podsNumber(wanted) === podsNumber(stable)) return undefined;
  if (isAborted(world)) return "it was aborted by hand";
  if (application.spec.rollout?.autoRollback === false || !isOf(own, wanted) || isComplete(own))
    return undefined;
  return failingPods(world, own);
}

function isAborted({ application, wanted }: RolloutWorld): boolean {
  return application.metadata.annotations?.[ABORT_ANNOTATION] === String(wanted.spec.number);
}

/** What there is to say of a rollout that is at its end, or was left; nothing of one without a strategy. */
function rollingStatus({ application, wanted, beside, now }: RolloutWorld): RolloutStatus | undefined {
  const record = application.status?.rollout as RolloutStatus | undefined;
  const { insteadOf, rollbackTo, reason, number } = wanted.spec;
  const since = (phase: RolloutStatus["phase"]): string =>
    record?.phase === phase ? record.since : now.toISOString();
  if (insteadOf !== undefined) {
    return {
      phase: "Aborted",
      strategy: record?.release === insteadOf ? record.strategy : "Rolling",
      release: insteadOf,
      ...(rollbackTo === undefined ? {} : { from: rollbackTo }),
      weight: 0,
      since: since("Aborted"),
      message: reason ?? `Release v${insteadOf} was left`,
    };
  }
  if (record?.release !== number) return undefined;
  const { step: _, steps: __, message: ___, ...rest } = record;
  if (isThere(beside))
    return {
      ...rest,
      ...{ phase: "Finishing", weight: 100, since: since("Finishing") },
      message: `Release v${number} runs; the Pods it was tried with go`,
    };
  return {
    ...rest,
    ...{ phase: "Complete", weight: 100, since: since("Complete") },
    message: `Release v${number} took the place of v${record.from ?? "?"}`,
  };
}
