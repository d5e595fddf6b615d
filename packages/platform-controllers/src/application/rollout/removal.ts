import {
  APPLICATION_LABEL,
  CANARY_TRAFFIC_ANNOTATION,
  CANARY_WEIGHT_ANNOTATION,
  canaryLabel,
  type Release,
  readCanaryTraffic,
} from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isComplete, isOf } from "./deployment-state.ts";
import { haveFollowed, MIN_SETTLE_SECONDS, routedTo } from "./followed.ts";
import type { Beside, BesidePlan, RolloutPlan, RolloutWorld } from "./rollout-world.ts";

/** Says on the Deployment beside since when nothing leads to its Pods. From then on it only goes. */
export const IDLE_SINCE_ANNOTATION = "jdos.io/idle-since";

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
  return haveFollowed(saysTurnedAway(world), (world.now.getTime() - Date.parse(idleSince)) / 1000)
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

/** What the load balancer says; undefined where it says nothing. */
function saysTurnedAway(world: RolloutWorld): boolean | undefined {
  const { beside } = world;
  const traffic = readCanaryTraffic(beside.ingress?.metadata.annotations?.[CANARY_TRAFFIC_ANNOTATION]);
  const routed = routedTo(world);
  if (traffic === undefined && routed === undefined) return undefined;
  const addresses = beside.pods.map(({ status }) => status?.podIP);
  return (traffic?.weight ?? 0) === 0 && !addresses.some((address) => routed?.includes(address ?? ""));
}
