import { type Build, type BuildStatus, Builds } from "@jdos/api";
import { formatTime, isStatus, type KubeObject } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext, Result } from "@jdos/controller-runtime";
import { BUILDS_BY_STATE, OPEN, QUEUED } from "../../indexes.ts";
import type { Settings } from "../../options.ts";
import { succeeded, writeBuild } from "../write-build.ts";
import { planQueue } from "./plan.ts";
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

async function giveTurns(
  context: ReconcileContext,
  { concurrency, writes }: Queue,
): Promise<Result | undefined> {
  const { lister } = context.informers.for(Builds);
  const queued = lister.byIndex(BUILDS_BY_STATE, QUEUED);
  // Written over are only Builds that are queued.
  writes.keepOnly(queued as readonly Stored<KubeObject>[]);
  if (queued.length === 0) return;
  const systems = new Set(queued.map(({ metadata }) => metadata.namespace ?? ""));
  const elsewhere = lister
    .byIndex(BUILDS_BY_STATE, OPEN)
    .filter(({ metadata }) => !systems.has(metadata.namespace ?? ""));
  const builds = [...elsewhere, ...[...systems].flatMap((system) => lister.list(system))];
  const plan = planQueue({
    builds: builds.map((build) => writes.latest(build)),
    concurrency,
    now: context.now(),
  });
  const write = async (build: unknown, status: BuildStatus, what: Written): Promise<void> => {
    const before = build as Stored<Build>;
    const { status: isTrue = "Unknown", reason, message } = what;
    const conditions = succeeded(before, { status: isTrue, reason, message }, context.now());
    const written = await ifThere(() => writeBuild(context.client, before, { ...status, conditions }));
    if (written === undefined || written === before) return;
    writes.note(before, written);
    if (what.event === true) context.events.event(written, "Normal", what.reason, what.message);
  };
  for (const { build, by } of plan.superseded) {
    const status = { ...(build.status as BuildStatus), phase: "Cancelled" } as const;
    const message = `Build ${by.spec.number} builds a newer revision of the same branch`;
    const completionTime = formatTime(context.now());
    await write(
      build,
      { ...status, completionTime },
      { reason: "Superseded", status: "False", message, event: true },
    );
  }
  for (const build of plan.start) {
    const { notBefore: _, ...status } = (build.status ?? {}) as BuildStatus;
    const startTime = status.startTime ?? formatTime(context.now());
    await write(
      build,
      { ...status, phase: "Pending", startTime },
      { reason: "Pending", message: "It waits for its Pod" },
    );
  }
  for (const { build, before } of plan.waiting) {
    const status = { ...(build.status as BuildStatus | undefined), phase: "Queued" } as const;
    await write(build, status, { reason: "Queued", message: placeOf(before, plan.running) });
  }
  return plan.wakeAfterSeconds === undefined ? undefined : { requeueAfterSeconds: plan.wakeAfterSeconds };
}

interface Written {
  reason: string;
  message: string;
  /** Of the condition. Defaults to Unknown. */
  status?: "False";
  event?: true;
}

function placeOf(before: number, running: number): string {
  const under = running === 1 ? "1 build is under way" : `${running} builds are under way`;
  if (before === 0) return `It is the next to start; ${under}`;
  if (before > EXACT_PLACES) return `More than ${EXACT_PLACES} builds are before it`;
  return `${before === 1 ? "1 build is" : `${before} builds are`} before it; ${under}`;
}

/** A Build that is gone meanwhile needs no place. */
async function ifThere<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
