import { type Build, isBuildEnded } from "@jdos/api";
import type { DeepReadonly, Persisted } from "@jdos/apimachinery";

type StoredBuild = DeepReadonly<Persisted<Build>>;

export interface QueueWorld {
  /** All that have not ended, and all of the systems of those that are queued. */
  readonly builds: readonly StoredBuild[];
  /** How many may be under way at once. */
  readonly concurrency: number;
  readonly now: Date;
}

export interface QueuePlan {
  readonly start: readonly StoredBuild[];
  /** In the order in which they will start, with the number of those before them. */
  readonly waiting: readonly { readonly build: StoredBuild; readonly before: number }[];
  /** A newer build of the same application makes them needless. */
  readonly superseded: readonly { readonly build: StoredBuild; readonly by: StoredBuild }[];
  /** Builds that are under way. */
  readonly running: number;
  /** When to look again though nothing has changed. */
  readonly wakeAfterSeconds?: number;
}

/** Whether a Build waits for its turn. */
export function isQueued({ metadata, spec, status }: StoredBuild): boolean {
  const waits = status?.phase === undefined || status.phase === "Queued";
  return waits && spec.cancel !== true && metadata.deletionTimestamp === undefined;
}

/** Whether a Build has had its turn and has not ended. */
export function isUnderWay({ status }: StoredBuild): boolean {
  return status?.phase === "Pending" || status?.phase === "Running";
}

/** A Build that is given no Pod for so long (its system's quota, a node pool that is full) holds up its system alone. */
const STUCK_MILLIS = 60_000;

/** Milliseconds until a Build that does not get to run gives its place back; undefined for one that runs. */
function patience({ status }: StoredBuild, now: Date): number | undefined {
  if (status?.phase !== "Pending" || status.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + STUCK_MILLIS - now.getTime();
}

/**
 * Which Builds start now, from the Builds alone. The system with the fewest under way goes first, of those the one
 * that has started none for the longest, then the one with the oldest build; within a system the oldest goes first. What
 * is built again for a newer base waits for all that people asked for.
 */
export function planQueue({ builds, concurrency, now }: QueueWorld): QueuePlan {
  const underWay = builds.filter(isUnderWay);
  const stuck = underWay.filter((build) => (patience(build, now) ?? 1) <= 0);
  const heldUp = new Set(stuck.map(systemOf));
  const queued = builds.filter(isQueued);
  const superseded = queued.flatMap((build) => {
    const by = supersederOf(build, builds);
    return by === undefined ? [] : [{ build, by }];
  });
  const needless = new Set(superseded.map(({ build }) => build));
  const delays = queued.map((build) => Date.parse(build.status?.notBefore ?? "") - now.getTime());
  const ready = queued.filter((build, index) => !needless.has(build) && !(delays[index]! > 0));
  const order = fairOrder(ready, { underWay, builds });
  const free = Math.max(0, concurrency - (underWay.length - stuck.length));
  const start = order.filter((build) => !heldUp.has(systemOf(build))).slice(0, free);
  const waiting = order.filter((build) => !start.includes(build));
  const times = [
    ...delays,
    ...(waiting.length === 0 ? [] : underWay.map((build) => patience(build, now) ?? 0)),
  ];
  const soonest = Math.min(...times.filter((time) => time > 0));
  return {
    start,
    waiting: waiting.map((build, before) => ({ build, before })),
    superseded,
    running: underWay.length + start.length,
    ...(Number.isFinite(soonest) ? { wakeAfterSeconds: soonest / 1000 } : {}),
  };
}

interface Share {
  readonly queue: StoredBuild[];
  underWay: number;
  /** When its latest build started; "" is before all times. */
  served: string;
}

function fairOrder(
  ready: readonly StoredBuild[],
  { underWay, builds }: { underWay: readonly StoredBuild[]; builds: readonly StoredBuild[] },
): StoredBuild[] {
  const shares = new Map<string, Share>();
  for (const build of ready.toSorted(byTurn)) {
    const share = shares.get(systemOf(build)) ?? { queue: [], underWay: 0, served: "" };
    share.queue.push(build);
    shares.set(systemOf(build), share);
  }
  for (const build of underWay) {
    const share = shares.get(systemOf(build));
    if (share !== undefined) share.underWay++;
  }
  for (const build of builds) {
    const share = shares.get(systemOf(build));
    const started = build.status?.startTime ?? "";
    if (share !== undefined && !isQueued(build) && started > share.served) share.served = started;
  }
  const order: StoredBuild[] = [];
  // Each place is given as if the ones before it had started by then, one after another.
  for (let place = 0; place < ready.length; place++) {
    const next = [...shares.values()].filter(({ queue }) => queue.length > 0).reduce(firstOf);
    order.push(next.queue.shift()!);
    next.underWay++;
    next.served = `~${String(place).padStart(9, "0")}`;
  }
  return order;
}

function firstOf(a: Share, b: Share): Share {
  const rank = Number(isOwnAccord(a.queue[0]!)) - Number(isOwnAccord(b.queue[0]!));
  if (rank !== 0) return rank < 0 ? a : b;
  if (a.underWay !== b.underWay) return a.underWay < b.underWay ? a : b;
  if (a.served !== b.served) return a.served < b.served ? a : b;
  return byAge(a.queue[0]!, b.queue[0]!) <= 0 ? a : b;
}

/** What people and their pushes ask for goes before what the platform does by itself. */
function isOwnAccord({ spec }: StoredBuild): boolean {
  return spec.trigger?.kind === "BaseImage";
}

function byTurn(a: StoredBuild, b: StoredBuild): number {
  return Number(isOwnAccord(a)) - Number(isOwnAccord(b)) || byAge(a, b);
}

function byAge(a: StoredBuild, b: StoredBuild): number {
  const [older, newer] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (older !== newer) return older < newer ? -1 : 1;
  if (a.spec.application === b.spec.application) return a.spec.number - b.spec.number;
  return a.metadata.uid < b.metadata.uid ? -1 : 1;
}

function isOfSame(a: StoredBuild["spec"]["trigger"], b: StoredBuild["spec"]["trigger"]): boolean {
  return a?.kind === b?.kind && a?.ref === b?.ref && a?.pullRequest === b?.pullRequest;
}

function systemOf({ metadata }: StoredBuild): string {
  return metadata.namespace ?? "";
}

/**
 * Of pushes and deliveries of one branch or pull request the newest alone counts, and any newer build has the newer base;
 * what a person asked for is always done.
 */
function supersederOf(build: StoredBuild, builds: readonly StoredBuild[]): StoredBuild | undefined {
  const { trigger, application, number } = build.spec;
  const { kind } = trigger ?? {};
  if (kind !== "Push" && kind !== "Webhook" && kind !== "BaseImage") return undefined;
  return builds.find(
    (other) =>
      other.spec.number > number &&
      other.spec.application === application &&
      systemOf(other) === systemOf(build) &&
      (kind === "BaseImage" || isOfSame(trigger, other.spec.trigger)) &&
      other.spec.cancel !== true &&
      other.metadata.deletionTimestamp === undefined &&
      (!isBuildEnded(other) || other.status?.phase === "Succeeded"),
  );
}
