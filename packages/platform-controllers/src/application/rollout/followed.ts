import { ROUTED_TO_ANNOTATION } from "@jdos/api";
import type { RolloutWorld } from "./rollout-world.ts";

/** In-cluster clients and unknown ingress controllers have this long to follow. */
const SETTLE_SECONDS = 5;
/** Load balancers that tell what they do are waited for, but not for ever: one may have been taken away. */
const MAX_SETTLE_SECONDS = 60;
export const MIN_SETTLE_SECONDS = 2;

/** Whether all who lead requests have followed a change: `said` is what the load balancer says, undefined where it is silent. */
export function haveFollowed(said: boolean | undefined, seconds: number): boolean {
  if (seconds < MIN_SETTLE_SECONDS) return false;
  if (seconds >= MAX_SETTLE_SECONDS) return true;
  return said ?? seconds >= SETTLE_SECONDS;
}

/** The addresses that the application's routes lead to; undefined where the load balancer does not say. */
export function routedTo({ ingress }: RolloutWorld): readonly string[] | undefined {
  return ingress?.metadata.annotations?.[ROUTED_TO_ANNOTATION]?.split(",");
}
