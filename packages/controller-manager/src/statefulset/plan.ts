import type { Pod, StatefulSet } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { REVISION_LABEL } from "../controllerrevision/revisions.ts";
import { isPodAvailable, isPodReady, isPodTerminal } from "../pod/pod-state.ts";
import { ordinalOf, ordinalsOf } from "./ordinals.ts";

type StatefulSetStatus = NonNullable<StatefulSet["status"]>;

/** The two templates between which a set may be: where it comes from and where it goes. */
export interface Hashes {
  current: string;
  update: string;
}

export interface World {
  set: Stored<StatefulSet>;
  pods: readonly Stored<Pod>[];
  hashes: Hashes;
  now: Date;
}

export interface Step {
  /** Ordinals to create, with the template each is to be of. */
  create: { ordinal: number; hash: string }[];
  remove: Stored<Pod>[];
}

const NOTHING: Step = { create: [], remove: [] };

/**
 * What may be done now. With OrderedReady that is at most one thing: replace what ended, create the lowest that is
 * missing once all below are available, remove the highest that is too many, then update from the highest down.
 * With Parallel creations and removals do not wait for each other.
 */
export function planStep(world: World): Step {
  const { set, pods } = world;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod.metadata.name) ?? -1, pod]));
  const wanted = ordinalsOf(set);
  const ended = pods.filter((pod) => isPodTerminal(pod) && !isLeaving(pod));
  const surplus = pods.filter((pod) => !wanted.includes(ordinalOf(set, pod.metadata.name) ?? -1));
  const missing = wanted.filter((ordinal) => !byOrdinal.has(ordinal));
  if (ended.length > 0) return { create: [], remove: ended };
  if (set.spec?.podManagementPolicy === "Parallel") {
    const step = {
      create: missing.map((ordinal) => ({ ordinal, hash: hashFor(world, ordinal) })),
      remove: surplus.filter(stays),
    };
    return step.create.length + step.remove.length > 0 ? step : updateStep(world);
  }
  return orderedStep(world, { byOrdinal, wanted, surplus });
}

interface Places {
  byOrdinal: ReadonlyMap<number, Stored<Pod>>;
  wanted: readonly number[];
  surplus: readonly Stored<Pod>[];
}

function orderedStep(world: World, { byOrdinal, wanted, surplus }: Places): Step {
  for (const ordinal of wanted) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) return { create: [{ ordinal, hash: hashFor(world, ordinal) }], remove: [] };
    if (isLeaving(pod)) return NOTHING;
    if (!isAvailable(world, pod))
      return isStuckOnOldTemplate(world, pod) ? { create: [], remove: [pod] } : NOTHING;
  }
  if (surplus.some(isLeaving)) return NOTHING;
  const highest = byOrdinalDown(world.set, surplus)[0];
  return highest === undefined ? updateStep(world) : { create: [], remove: [highest] };
}

/** The next Pod of the old template to be replaced, from the highest ordinal down to the partition. */
function updateStep(world: World): Step {
  const { set, pods, hashes } = world;
  const { type = "RollingUpdate", rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== "RollingUpdate" || pods.some(isLeaving)) return NOTHING;
  const partition = rollingUpdate?.partition ?? 0;
  const wanted = ordinalsOf(set);
  for (const pod of byOrdinalDown(set, pods)) {
    const ordinal = ordinalOf(set, pod.metadata.name)!;
    if (!wanted.includes(ordinal) || ordinal < partition) continue;
    if (pod.metadata.labels?.[REVISION_LABEL] !== hashes.update) return { create: [], remove: [pod] };
    if (!isAvailable(world, pod)) return NOTHING;
  }
  return NOTHING;
}

/** A Pod that never becomes ready and is of an old template must not hold the update that would mend it. */
function isStuckOnOldTemplate({ set, hashes }: World, pod: Stored<Pod>): boolean {
  const { type = "RollingUpdate", rollingUpdate } = set.spec?.updateStrategy ?? {};
  const ordinal = ordinalOf(set, pod.metadata.name) ?? -1;
  const old = pod.metadata.labels?.[REVISION_LABEL] !== hashes.update;
  return type === "RollingUpdate" && old && ordinal >= (rollingUpdate?.partition ?? 0) && !isPodReady(pod);
}

/** The template a new Pod is made of: below the partition the one the set comes from. */
function hashFor({ set, hashes }: World, ordinal: number): string {
  const { type = "RollingUpdate", rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== "RollingUpdate") return hashes.update;
  return ordinal < (rollingUpdate?.partition ?? 0) ? hashes.current : hashes.update;
}

function isLeaving(pod: Stored<Pod>): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

function stays(pod: Stored<Pod>): boolean {
  return !isLeaving(pod);
}

function isAvailable({ set, now }: World, pod: Stored<Pod>): boolean {
  const { minReadySeconds = 0 } = set.spec ?? {};
  return !isLeaving(pod) && isPodAvailable(pod, { minReadySeconds, now });
}

function byOrdinalDown(set: Stored<StatefulSet>, pods: readonly Stored<Pod>[]): Stored<Pod>[] {
  return [...pods].sort(
    (a, b) => (ordinalOf(set, b.metadata.name) ?? 0) - (ordinalOf(set, a.metadata.name) ?? 0),
  );
}

/** The status as the Pods show it. The update is over when every Pod is of its template and available. */
export function statefulSetStatus(
  world: World,
  names: { current: string; update: string },
): StatefulSetStatus {
  const { set, pods, hashes } = world;
  const of = (hash: string): number =>
    pods.filter((pod) => stays(pod) && pod.metadata.labels?.[REVISION_LABEL] === hash).length;
  const available = pods.filter((pod) => isAvailable(world, pod)).length;
  const updated = of(hashes.update);
  const complete =
    updated === pods.length && available === pods.length && pods.length === ordinalsOf(set).length;
  const currentRevision = complete ? names.update : names.current;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    ...positive("readyReplicas", pods.filter((pod) => isPodReady(pod) && stays(pod)).length),
    availableReplicas: available,
    ...positive("currentReplicas", complete ? updated : of(hashes.current)),
    ...positive("updatedReplicas", updated),
    currentRevision,
    updateRevision: names.update,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}

function positive<K extends string>(name: K, value: number): Partial<Record<K, number>> {
  return value > 0 ? ({ [name]: value } as Record<K, number>) : {};
}
