import {
  APPLICATION_LABEL,
  CANARY_TRAFFIC_ANNOTATION,
  CANARY_WEIGHT_ANNOTATION,
  canaryLabel,
  type Release,
  ROUTED_TO_ANNOTATION,
  readCanaryTraffic,
} from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isComplete, isOf } from "./deployment-state.ts";
import type { Beside, BesidePlan, RolloutPlan, RolloutWorld } from "./rollout-world.ts";

/** Says on the Deployment beside since when nothing leads to its Pods. From then on it only goes. */
export const IDLE_SINCE_ANNOTATION = "jdos.io/idle-since";

/** In-cluster clients and unknown ingress controllers have this long to follow. */
const SETTLE_SECONDS = 5;
/** Load balancers that tell what they do are waited for, but not for ever: one may have been taken away. */
const MAX_SETTLE_SECONDS = 60;
const MIN_SETTLE_SECONDS = 2;

type Removal = Pick<RolloutPlan, "front" | "beside" | "againSeconds">;

/**
 * How what stands beside goes while the own Pods are rendered from `own`: requests are led away from it, then all who
 * lead requests are given the time to follow, then it is deleted. A step at a time, told by the objects alone.
 */
export function removal(world: RolloutWorld, own: Stored<Release>): Removal {
  const { beside } = world;
  const there = { to: "own", release: own } as const;
  if (!isThere(beside)) return { front: there };
  if (beside.deployment === undefined) return { front: there, beside: { action: "remove" } };
  if (leadsBeside(world)) {
    // The own Pods may be on their way back: those beside answer until then.
    const ready = isOf(world.own, own) && isComplete(world.own);
    if (!ready && beside.release !== undefined)
      return { front: { to: "beside", release: beside.release }, againSeconds: 1 };
  }
  const idleSince = beside.deployment.metadata.annotations?.[IDLE_SINCE_ANNOTATION];
  if (leadsBeside(world) || weightOf(beside) > 0 || idleSince === undefined)
    return { front: there, beside: { action: "turnAway" }, againSeconds: MIN_SETTLE_SECONDS };
  const gone: BesidePlan = { action: "remove" };
  return isSettled(world, (world.now.getTime() - Date.parse(idleSince)) / 1000)
    ? { front: there, beside: gone }
    : { front: there, againSeconds: 0.5 };
}

export function isThere({ deployment, service, ingress }: Beside): boolean {
  return deployment !== undefined || service !== undefined || ingress !== undefined;
}

/** Whether it only goes. */
export function isGoing({ deployment }: Beside): boolean {
  return deployment?.metadata.annotations?.[IDLE_SINCE_ANNOTATION] !== undefined;
}

/** Whether the application's Service leads to the Pods beside its own. */
export function leadsBeside({ service, application }: RolloutWorld): boolean {
  return service?.spec?.selector?.[APPLICATION_LABEL] === canaryLabel(application.metadata.name);
}

export function weightOf({ ingress }: Beside): number {
  return Number(ingress?.metadata.annotations?.[CANARY_WEIGHT_ANNOTATION] ?? 0);
}

function isSettled(world: RolloutWorld, idleSeconds: number): boolean {
  if (idleSeconds < MIN_SETTLE_SECONDS) return false;
  if (idleSeconds >= MAX_SETTLE_SECONDS) return true;
  const said = saysTurnedAway(world);
  return said ?? idleSeconds >= SETTLE_SECONDS;
}

/** What the load balancer says; undefined where it says nothing. */
function saysTurnedAway({ beside, ingress }: RolloutWorld): boolean | undefined {
  const traffic = readCanaryTraffic(beside.ingress?.metadata.annotations?.[CANARY_TRAFFIC_ANNOTATION]);
  const routed = ingress?.metadata.annotations?.[ROUTED_TO_ANNOTATION]?.split(",");
  if (traffic === undefined && routed === undefined) return undefined;
  const addresses = beside.pods.map(({ status }) => status?.podIP);
  return (traffic?.weight ?? 0) === 0 && !addresses.some((address) => routed?.includes(address ?? ""));
}
