import { ABORT_ANNOTATION, type RolloutStatus } from "@jdos/api";
import { isComplete, isOf } from "./deployment-state.ts";
import { failingPods } from "./judge.ts";
import { isThere, removal } from "./removal.ts";
import { podsNumber, type RolloutPlan, type RolloutWorld } from "./rollout-world.ts";

/** The wanted Release's Pods take the place of the own ones as the Deployment's controller replaces them. */
export function planRolling(world: RolloutWorld): RolloutPlan {
  const { wanted, own } = world;
  const status = rollingStatus(world);
  const isUnderWay = isOf(own, wanted) && !isComplete(own);
  const leave = leaveOf(world, isUnderWay ? failingPods(world, own) : undefined);
  return {
    own: wanted,
    ...removal(world, wanted),
    ...(status === undefined ? {} : { status }),
    ...(leave === undefined ? {} : { leave }),
  };
}

/** Why the wanted Release is to be left for the one that serves: it was aborted, or fails. */
export function leaveOf(world: RolloutWorld, failure: string | undefined): string | undefined {
  const { application, wanted, stable } = world;
  // A Release that returns to an earlier one is not left in its turn.
  if (stable === undefined || wanted.spec.insteadOf !== undefined) return undefined;
  if (podsNumber(wanted) === podsNumber(stable)) return undefined;
  if (isAborted(world)) return "it was aborted by hand";
  return application.spec.rollout?.autoRollback === false ? undefined : failure;
}

export function isAborted({ application, wanted }: RolloutWorld): boolean {
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
