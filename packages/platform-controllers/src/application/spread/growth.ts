import type { Release } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { isIntact } from "../../release/intact.ts";
import { DEPLOYED_ANNOTATION } from "../render/deployment.ts";
import { isOf } from "../rollout/deployment-state.ts";
import { isAborted } from "../rollout/plan-rolling.ts";
import type { RolloutWorld } from "../rollout/rollout-world.ts";

/** Pods that an application is about to get. */
export interface Growth {
  readonly image: string;
  readonly pods: number;
  /** What it is rendered as while they are held back. */
  readonly held: { readonly release: Stored<Release>; readonly replicas: number };
}

/**
 * What an application is about to get: more Pods, or the first ones of a Release. Undefined when that is nothing, or when
 * there is no time to lose: somebody returns to an earlier Release, or Pods are gone that served.
 */
export function growthOf(world: RolloutWorld, releases: readonly Stored<Release>[]): Growth | undefined {
  const { application, wanted, own, beside } = world;
  const replicas = application.spec.replicas ?? 1;
  if (own === undefined) {
    if (application.status?.currentRelease !== undefined) return undefined;
    return more(replicas, { image: wanted.spec.image, release: wanted, live: 0 });
  }
  const live = own.spec?.replicas ?? 1;
  if (isOf(own, wanted)) return more(replicas, { image: wanted.spec.image, release: wanted, live });
  const number = Number(own.metadata.annotations?.[DEPLOYED_ANNOTATION]);
  const running = releases.find(({ spec }) => spec.number === number);
  if (running === undefined || !isIntact(running)) return undefined;
  // What the wanted Release takes over from goes on being rendered.
  if (isOf(beside.deployment, wanted))
    return more(replicas, { image: running.spec.image, release: wanted, live });
  const { rollbackTo, insteadOf, image } = wanted.spec;
  if (rollbackTo !== undefined || insteadOf !== undefined || isAborted(world)) return undefined;
  return { image, pods: replicas, held: { release: running, replicas: Math.min(replicas, live) } };
}

/** One Pod is there whatever is to come: it answers, and shows whether the image is any good. */
function more(
  replicas: number,
  { image, release, live }: { image: string; release: Stored<Release>; live: number },
): Growth | undefined {
  const held = Math.max(live, 1);
  return replicas > held ? { image, pods: replicas - held, held: { release, replicas: held } } : undefined;
}
