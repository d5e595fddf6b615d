import type { DaemonSet, Node, Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { REVISION_LABEL } from "../controllerrevision/revisions.ts";
import { isPodAvailable, isPodReady, isPodTerminal } from "../pod/pod-state.ts";
import { type Fate, fateOn, targetNode } from "./daemon-pod.ts";

type DaemonSetStatus = NonNullable<DaemonSet["status"]>;

/** One node with the set's Pods on it, oldest first. */
interface Place {
  readonly node: Stored<Node>;
  readonly fate: Fate;
  readonly pods: readonly Stored<Pod>[];
}

export interface Plan {
  /** Names of nodes that lack a Pod. */
  create: string[];
  remove: Stored<Pod>[];
  /** Finished Pods that are in the way: removed, and worth an event. */
  failed: Stored<Pod>[];
}

export interface World {
  set: Stored<DaemonSet>;
  nodes: readonly Stored<Node>[];
  pods: readonly Stored<Pod>[];
  /** The hash of the present template. */
  hash: string;
  now: Date;
}

function placesOf({ set, nodes, pods }: World): Place[] {
  const byNode = new Map<string, Stored<Pod>[]>();
  for (const pod of pods) {
    const name = targetNode(pod);
    byNode.set(name, [...(byNode.get(name) ?? []), pod]);
  }
  const age = ({ metadata }: Stored<Pod>): string => `${metadata.creationTimestamp} ${metadata.name}`;
  return nodes.map((node) => ({
    node,
    fate: fateOn(set, node),
    pods: (byNode.get(node.metadata.name) ?? []).sort((a, b) => (age(a) < age(b) ? -1 : 1)),
  }));
}

/** What is to be created and removed: first that each node has its one Pod, then the update's next step. */
export function planDaemons(world: World): Plan {
  const places = placesOf(world);
  const plan: Plan = { create: [], remove: [], failed: [] };
  for (const place of places) planPlace(place, plan);
  const known = new Set(places.flatMap(({ pods }) => pods));
  plan.remove.push(
    ...world.pods.filter(
      (pod) => !known.has(pod) && pod.metadata.deletionTimestamp === undefined && !pod.spec?.nodeName,
    ),
  );
  if (plan.create.length + plan.remove.length + plan.failed.length === 0)
    plan.remove = outdated(world, places);
  return plan;
}

function planPlace({ node, fate, pods }: Place, plan: Plan): void {
  const present = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const living = present.filter((pod) => !isPodTerminal(pod));
  if (!fate.mayContinue) {
    plan.remove.push(...present);
    return;
  }
  if (!fate.shouldRun) return;
  plan.failed.push(...present.filter(isPodTerminal));
  plan.remove.push(...living.slice(1));
  if (pods.length === 0) plan.create.push(node.metadata.name);
}

/** Pods of an old template that may go now: those that do not serve first, then as many as maxUnavailable allows. */
function outdated({ set, hash, now }: World, places: readonly Place[]): Stored<Pod>[] {
  const { type = "RollingUpdate", rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== "RollingUpdate") return [];
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const wanted = places.filter(({ fate }) => fate.shouldRun);
  const pods = wanted.flatMap((place) =>
    place.pods.filter((pod) => pod.metadata.deletionTimestamp === undefined),
  );
  const available = pods.filter((pod) => isPodAvailable(pod, { minReadySeconds, now }));
  const old = pods.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] !== hash);
  const idle = old.filter((pod) => !available.includes(pod));
  const mayMiss =
    maxUnavailable(rollingUpdate?.maxUnavailable ?? 1, wanted.length) - (wanted.length - available.length);
  return [...idle, ...old.filter((pod) => available.includes(pod)).slice(0, Math.max(0, mayMiss))];
}

function maxUnavailable(value: string | number, total: number): number {
  if (typeof value === "number") return Math.max(1, value);
  return Math.max(1, Math.ceil((Number(value.replace(/%$/, "")) * total) / 100));
}

/** The status as the nodes and Pods show it. */
export function daemonSetStatus(world: World): DaemonSetStatus {
  const { set, hash, now } = world;
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const places = placesOf(world);
  const wanted = places.filter(({ fate }) => fate.shouldRun);
  const first = wanted
    .map(({ pods }) => pods.find((pod) => !isPodTerminal(pod)))
    .filter((pod) => pod !== undefined);
  const available = first.filter((pod) => isPodAvailable(pod, { minReadySeconds, now })).length;
  const updated = first.filter((pod) => pod.metadata.labels?.[REVISION_LABEL] === hash).length;
  const unavailable = wanted.length - available;
  return {
    currentNumberScheduled: first.length,
    numberMisscheduled: places.filter(({ fate, pods }) => !fate.shouldRun && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: first.filter(isPodReady).length,
    observedGeneration: set.metadata.generation ?? 0,
    ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
    ...(available > 0 ? { numberAvailable: available } : {}),
    ...(unavailable > 0 ? { numberUnavailable: unavailable } : {}),
    ...(set.status?.collisionCount === undefined ? {} : { collisionCount: set.status.collisionCount }),
  };
}
