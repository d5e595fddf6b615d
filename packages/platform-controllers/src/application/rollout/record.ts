import { PROMOTE_ANNOTATION, type Release, type RolloutStatus, type RolloutStrategy } from "@jdos/api";
import type { Stored } from "@jdos/client";
import type { BesidePlan, RolloutPlan, RolloutWorld } from "./rollout-world.ts";

/** What a strategy decides; the rest of the status follows from the world. */
export type Draft = Pick<RolloutStatus, "phase" | "weight"> &
  Partial<Pick<RolloutStatus, "step" | "steps" | "since" | "message">>;

export interface Decision {
  own: Stored<Release>;
  ownIdle?: boolean;
  front: RolloutPlan["front"];
  beside: BesidePlan;
  before: RolloutStatus | undefined;
  draft: Draft;
  /** Why the wanted Release should be left. */
  failure?: string;
  /** It is another phase, step or weight than before. */
  moved?: boolean;
  wakeSeconds?: number;
}

/** Soon enough for people, who see a status a moment later. */
const AFTER_A_MOVE_SECONDS = 0.2;

/** The plan of a strategy that is under way: where a failure is told and where the time of a phase begins. */
export function settle(world: RolloutWorld, decision: Decision): RolloutPlan {
  const { own, ownIdle, front, beside, before, draft, failure, moved = before === undefined } = decision;
  const { strategy = "Rolling", autoRollback = true } = world.application.spec.rollout ?? {};
  const said = failure === undefined ? draft.message : `${draft.message}; ${failure}`;
  const wake = moved ? AFTER_A_MOVE_SECONDS : decision.wakeSeconds;
  return {
    own,
    ...(ownIdle === undefined ? {} : { ownIdle }),
    front,
    beside,
    status: {
      strategy,
      release: world.wanted.spec.number,
      ...(world.stable === undefined ? {} : { from: world.stable.spec.number }),
      ...draft,
      since: moved || before === undefined ? world.now.toISOString() : before.since,
      ...(said === undefined ? {} : { message: said }),
    },
    ...(failure !== undefined && autoRollback ? { leave: failure } : {}),
    ...(wake === undefined ? {} : { againSeconds: Math.max(wake, 0.1) }),
  };
}

/** Whether somebody said that the rollout of the wanted Release need not wait at this step ("all": at none). */
export function isPromoted({ application, wanted }: RolloutWorld, step: string): boolean {
  return application.metadata.annotations?.[PROMOTE_ANNOTATION] === `${wanted.spec.number}/${step}`;
}

/** How this very rollout by this strategy stood; undefined where it is yet to begin, or over. */
export function recordOf(
  { application, wanted }: RolloutWorld,
  strategy: RolloutStrategy,
): RolloutStatus | undefined {
  const record = application.status?.rollout as RolloutStatus | undefined;
  const isThis = record?.release === wanted.spec.number && record.strategy === strategy;
  const isActive = !["Finishing", "Complete", "Aborted"].includes(record?.phase ?? "");
  return isThis && isActive ? record : undefined;
}
