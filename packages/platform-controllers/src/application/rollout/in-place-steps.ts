import { imageChangeOf, type Pod, type ReplicaSet } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { hasGate, isDrained, isOpen, isReady, isServing, mayOpen, releaseOf } from "./in-place-pod.ts";
import { activeReplicaSet, isOwnedBy } from "./in-place-template.ts";
import { type PodStep, podsNumber, type RolloutWorld } from "./rollout-world.ts";

/** The share of the Pods that may be out at once, after the first one was seen to serve. */
const SHARE = 0.25;

export interface PodsPlan {
  readonly steps: readonly PodStep[];
  /** How many are the wanted Release's and serve. */
  readonly changed: number;
  /** Whether Pods are to be changed, or do not serve yet after they were. */
  readonly isGoing: boolean;
}

/**
 * Which Pods are changed now: first one alone, then a share of them at once. A Pod that serves is closed, waited for
 * until no requests are led there, and changed; it is opened when its container is of the new image and ready.
 */
export function planPods(world: RolloutWorld): PodsPlan {
  const { ownPods, wanted, stable } = world;
  const number = String(podsNumber(wanted));
  const set = activeReplicaSet(world);
  const old = ownPods.filter(
    (pod) => releaseOf(pod) !== number && set !== undefined && isOwnedBy(pod, set.metadata.uid),
  );
  const fresh = ownPods.filter((pod) => releaseOf(pod) === number);
  const changed = fresh.filter((pod) => isServing(world, pod));
  const unfinished = fresh.filter((pod) => imageChangeOf(pod) !== undefined && !changed.includes(pod));
  return {
    steps: [
      ...openings(world).filter(({ pod }) => !old.includes(pod)),
      ...(set === undefined ? [] : changes(world, { old, fresh, set })),
    ],
    changed: changed.length,
    isGoing: old.length > 0 || (stable?.spec.number !== wanted.spec.number && unfinished.length > 0),
  };
}

/** Opens each Pod that is closed and could serve. */
export function openings({ ownPods, now }: RolloutWorld): PodStep[] {
  return ownPods
    .filter((pod) => hasGate(pod) && !isOpen(pod) && mayOpen(pod, now))
    .map((pod) => ({ action: "open", pod }));
}

interface Pods {
  /** To be changed. */
  old: readonly Stored<Pod>[];
  /** Of the wanted Release. */
  fresh: readonly Stored<Pod>[];
  set: Stored<ReplicaSet>;
}

function changes(world: RolloutWorld, { old, fresh, set }: Pods): PodStep[] {
  const replicas = world.application.spec.replicas ?? 1;
  const serving = [...old, ...fresh].filter((pod) => isServing(world, pod));
  const proven = fresh.some((pod) => serving.includes(pod));
  const limit = proven ? Math.max(1, Math.floor(replicas * SHARE)) : 1;
  const closed = old.filter((pod) => hasGate(pod) && !isOpen(pod));
  const outside = fresh.filter((pod) => !serving.includes(pod)).length + closed.length;
  const broken = old.filter((pod) => !closed.includes(pod) && !isReady(pod));
  const change = (pod: Stored<Pod>): PodStep => ({ action: "change", pod, to: set });
  const steps = closed.filter((pod) => isDrained(world, pod)).map(change);
  // What does not serve anyway is changed first.
  const free = Math.max(0, limit - outside);
  steps.push(...byName(broken).slice(0, free).map(change));
  const more = Math.min(free - broken.length, serving.length - Math.max(0, replicas - limit));
  const next = byName(old.filter((pod) => serving.includes(pod))).slice(0, Math.max(0, more));
  // Where no other serves, requests have nowhere else to go: it serves until its container ends.
  const isAlone = serving.length === 1;
  return [...steps, ...next.map((pod): PodStep => (isAlone ? change(pod) : { action: "close", pod }))];
}

function byName(pods: readonly Stored<Pod>[]): Stored<Pod>[] {
  return [...pods].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}
