import { type Build, type BuildStatus, Builds } from "@jdos/api";
import { type Condition, formatTime, isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { BUILDS_BY_STATE, OPEN, QUEUED } from "../../indexes.ts";
import type { Settings } from "../../options.ts";
import { succeeded, writeBuild } from "../write-build.ts";
import { planQueue, type QueuePlan } from "./plan.ts";
import { RecentWrites } from "./recent-writes.ts";

/** Places behind this one are not counted out: each build that starts would change them all. */
const EXACT_PLACES = 20;

/** Gives Builds their turn. It keeps nothing: who is under way, and who is next, is read from the Builds. */
export function buildQueueController({ build: { concurrency } }: Settings): ControllerOptions {
  const writes = new RecentWrites();
  return {
    name: "build-queue",
    for: Builds,
    // Places are given by one hand.
    concurrency: 1,
    reconcile: (context) => giveTurns(context, { concurrency, writes }),
  };
}

interface Queue {
  concurrency: number;
  writes: RecentWrites;
}

async function giveTurns(context: ReconcileContext, queue: Queue): Promise<Result | undefined> {
  const plan = lookAt(context, queue);
  if (plan === undefined) return;
  const write = writerOf(context, queue.writes);
  const now = formatTime(context.now());
  for (const { build, by } of plan.superseded) {
    const message = `Build ${by.spec.number} builds a newer revision of the same branch`;
    const condition = { status: "False", reason: "Superseded", message } as const;
    const written = await write(build, { phase: "Cancelled", completionTime: now }, condition);
    if (written !== undefined) context.events.event(written, "Normal", condition.reason, message);
  }
  for (const build of plan.start) {
    const message = "It waits for its Pod";
    // startTime is of this try: who was served last is read from it.
    const change = { phase: "Pending", startTime: now, notBefore: undefined } as const;
    await write(build, change, { status: "Unknown", reason: "Pending", message });
  }
  for (const { build, before } of plan.waiting) {
    const message = placeOf(before, plan.running);
    await write(build, { phase: "Queued" }, { status: "Unknown", reason: "Queued", message });
  }
  return plan.wakeAfterSeconds === undefined ? undefined : { requeueAfterSeconds: plan.wakeAfterSeconds };
}

/** What is to be done; undefined while nothing is queued. */
function lookAt({ informers, now }: ReconcileContext, { concurrency, writes }: Queue): QueuePlan | undefined {
  const { lister } = informers.for(Builds);
  const queued = lister.byIndex(BUILDS_BY_STATE, QUEUED);
  // Written over are only Builds that are queued.
  writes.keepOnly(queued as readonly Stored<KubeObject>[]);
  if (queued.length === 0) return undefined;
  const systems = new Set(queued.map(({ metadata }) => metadata.namespace ?? ""));
  const elsewhere = lister
    .byIndex(BUILDS_BY_STATE, OPEN)
    .filter(({ metadata }) => !systems.has(metadata.namespace ?? ""));
  const builds = [...elsewhere, ...[...systems].flatMap((system) => lister.list(system))];
  return planQueue({ builds: builds.map((build) => writes.latest(build)), concurrency, now: now() });
}

type Said = Pick<Condition, "status" | "reason" | "message">;

/** Changes members of a Build's status; undefined when that changes nothing, or the Build is gone meanwhile. */
function writerOf(context: ReconcileContext, writes: RecentWrites) {
  return async (
    build: QueuePlan["start"][number],
    change: BuildStatus,
    said: Said,
  ): Promise<Stored<Build> | undefined> => {
    const before = build as Stored<Build>;
    const conditions = succeeded(before, said, context.now());
    const status = { ...(before.status as BuildStatus | undefined), ...change, conditions };
    try {
      const written = await writeBuild(context.client, before, status);
      if (written === before) return undefined;
      writes.note(before, written);
      return written;
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  };
}

function placeOf(before: number, running: number): string {
  const under = running === 1 ? "1 build is under way" : `${running} builds are under way`;
  if (before === 0) return `It is the next to start; ${under}`;
  if (before > EXACT_PLACES) return `More than ${EXACT_PLACES} builds are before it`;
  return `${before === 1 ? "1 build is" : `${before} builds are`} before it; ${under}`;
}
