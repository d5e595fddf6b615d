import type { Deployment, ReplicaSet, RolloutStatus } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { DEPLOYED_ANNOTATION } from "../render/deployment.ts";
import { isComplete, isOf, isSeen } from "./deployment-state.ts";
import { planPods } from "./in-place-steps.ts";
import { activeReplicaSet, differing, differingForGood, isActive } from "./in-place-template.ts";
import { failingPods } from "./judge.ts";
import { leaveOf, planRolling } from "./plan-rolling.ts";
import { recordOf } from "./record.ts";
import type { RolloutPlan, RolloutWorld } from "./rollout-world.ts";

/** Of what only time or another part's write brings on. */
const AGAIN_SECONDS = 0.5;

/** How the own Deployment gets the wanted Release's template without making Pods. */
interface Stage {
  readonly paused: boolean;
  /** The ReplicaSet that is to have the Deployment's template. */
  readonly adopts?: Stored<ReplicaSet>;
  /** Why it makes new Pods all the same. */
  readonly rolls?: string;
}

/**
 * The wanted Release's image is given to the Pods that are there. First the Deployment is paused with the new template,
 * then its ReplicaSet gets it too, then it goes on and finds nothing to do; a Pod that is lost from then on comes back with
 * the new image. Then Pod after Pod. Each step is told by the objects alone. Where more than the image differs, the
 * Deployment goes on as it is, and rolls.
 */
export function planInPlace(world: RolloutWorld): RolloutPlan {
  const { paused, adopts, rolls: why } = stageOf(world);
  const rolling = planRolling(world);
  if (why !== undefined) return { ...rolling, paused, ...told(world, rolls(world, why)) };
  const pods = paused || !isOf(world.own, world.wanted) ? undefined : planPods(world);
  const plan = { ...rolling, paused, ...(pods && { podSteps: pods.steps }), ...(adopts && { adopts }) };
  const isUnderWay = recordOf(world, "InPlace") !== undefined && !isComplete(world.own);
  if (!paused && pods?.isGoing !== true && !isUnderWay) return { ...plan, ...told(world, stillRolls(world)) };
  const changed = pods?.changed ?? 0;
  const failure = pods === undefined ? undefined : failingPods(world, undefined);
  const { leave: _, ...rest } = plan;
  const leave = leaveOf(world, failure);
  return {
    ...rest,
    changed,
    ...told(world, paused ? starts(world) : goesOn(world, changed, failure)),
    ...(leave === undefined ? {} : { leave }),
    againSeconds: Math.min(plan.againSeconds ?? AGAIN_SECONDS, AGAIN_SECONDS),
  };
}

function stageOf(world: RolloutWorld): Stage {
  const { own, wanted, replicaSets, application } = world;
  if (own === undefined || (application.spec.replicas ?? 1) === 0) return { paused: false };
  if (!isOf(own, wanted)) return { paused: true };
  if (own.spec?.paused !== true) return { paused: false };
  if (!isSeen(own)) return { paused: true };
  const active = activeReplicaSet(world);
  // Its controller says by what it copies that it knows the ReplicaSet as it is: else it would make another one.
  if (active !== undefined) return { paused: !isKnown(active, own) };
  const earlier = replicaSets.find((set) => differing(set, own).length === 0);
  if (earlier !== undefined)
    return { paused: false, rolls: `ReplicaSet ${earlier.metadata.name} is there for it` };
  const [first, ...others] = replicaSets.filter(isActive);
  if (first === undefined) return { paused: false };
  if (others.length > 0) return { paused: false, rolls: "Pods are being replaced already" };
  const differs = differingForGood(first, own);
  if (differs.length === 0) return { paused: true, adopts: first };
  return { paused: false, rolls: `more than the image differs (${differs.sort().join(", ")})` };
}

function isKnown(set: Stored<ReplicaSet>, { metadata }: Stored<Deployment>): boolean {
  return set.metadata.annotations?.[DEPLOYED_ANNOTATION] === metadata.annotations?.[DEPLOYED_ANNOTATION];
}

type Said = Pick<RolloutStatus, "strategy" | "phase" | "weight" | "message">;

function starts({ wanted }: RolloutWorld): Said {
  const message = `Release v${wanted.spec.number} is about to take over in the Pods that are there`;
  return { strategy: "InPlace", phase: "Starting", weight: 0, message };
}

function goesOn({ wanted, application }: RolloutWorld, changed: number, failure: string | undefined): Said {
  const replicas = application.spec.replicas ?? 1;
  const sofar = `Release v${wanted.spec.number} takes over in the Pods that are there: ${changed} of ${replicas} serve it`;
  return {
    ...{ strategy: "InPlace", phase: "Progressing" },
    weight: Math.min(100, Math.round((100 * changed) / replicas)),
    message: failure === undefined ? sofar : `${sofar}; ${failure}`,
  };
}

function rolls({ wanted }: RolloutWorld, why: string): Said {
  const message = `Release v${wanted.spec.number} is rolled out to new Pods, not in place: ${why}`;
  return { strategy: "Rolling", phase: "Progressing", weight: 0, message };
}

/** What was said of a Release that rolls, until it has. */
function stillRolls(world: RolloutWorld): Said | undefined {
  const record = recordOf(world, "Rolling");
  return record === undefined || isComplete(world.own) ? undefined : (record as Said);
}

/** The status; that of a Release that returned stays what it is. */
function told(world: RolloutWorld, said: Said | undefined): Pick<RolloutPlan, "status"> {
  const { application, wanted, stable, now } = world;
  if (said === undefined || wanted.spec.insteadOf !== undefined) return {};
  const before = application.status?.rollout as RolloutStatus | undefined;
  const isSame = before?.release === wanted.spec.number && before.phase === said.phase;
  const { strategy, phase, weight, message } = said;
  return {
    status: {
      ...{ phase, strategy, release: wanted.spec.number, weight },
      ...(stable === undefined ? {} : { from: stable.spec.number }),
      since: isSame ? before.since : now.toISOString(),
      ...(message === undefined ? {} : { message }),
    },
  };
}
