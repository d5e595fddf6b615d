import {
  BUILD_LABEL,
  type Build,
  type BuildStatus,
  CANCELLED_BY_ANNOTATION,
  Jobs,
  type Pod,
  Pods,
} from "@jdos/api";
import { formatTime, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { ReconcileContext, Result } from "@jdos/controller-runtime";
import { jobName } from "./job.ts";
import { resultOf } from "./outcome.ts";
import { endedStages } from "./stages.ts";
import { succeeded, writeBuild } from "./write-build.ts";

/** A Pod whose node says nothing this long after its end was asked for runs no more, or cannot be helped. */
const GIVE_UP_MILLIS = 60_000;

/**
 * Cancels a Build: its Job goes, its Pods go, and then it is Cancelled for good. What it pushed meanwhile becomes no
 * Release, for only Succeeded does.
 */
export async function stopBuild(
  context: ReconcileContext,
  build: Stored<Build>,
): Promise<Result | undefined> {
  const { client } = context;
  await deleteJobs(client, build, build.status?.attempt ?? 1);
  const pods = await podsOf(client, build);
  const facts = factsOf(pods);
  const before = { ...(build.status as BuildStatus | undefined), ...facts };
  const left = pods.filter(({ metadata }) => !isGivenUp(metadata.deletionTimestamp, context.now()));
  if (left.length > 0) {
    const condition = { status: "Unknown", reason: "Cancelling", message: "It is being stopped" } as const;
    const conditions = succeeded(build, condition, context.now());
    await writeBuild(client, build, { ...before, conditions });
    return { requeueAfterSeconds: 1 };
  }
  const message = sentence(build);
  const condition = { status: "False", reason: "Cancelled", message } as const;
  const { notBefore: _, ...status } = before;
  const stages = endedStages(before.stages);
  const written = await writeBuild(client, build, {
    ...status,
    ...(stages === undefined ? {} : { stages }),
    phase: "Cancelled",
    completionTime: formatTime(context.now()),
    conditions: succeeded(build, condition, context.now()),
  });
  context.events.event(written, "Normal", "Cancelled", message);
  return undefined;
}

/** Deletes the Jobs of the tries up to one. */
export async function deleteJobs(client: Client, { metadata }: Stored<Build>, upTo: number): Promise<void> {
  for (let attempt = 1; attempt <= upTo; attempt++) {
    const key = { namespace: metadata.namespace ?? "", name: jobName(metadata.name, attempt) };
    try {
      await client.delete(Jobs, key, { propagationPolicy: "Background" });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

/** As they are, not as an informer remembers them: one that was made a moment ago must not be overlooked. */
async function podsOf(client: Client, { metadata }: Stored<Build>): Promise<readonly Stored<Pod>[]> {
  const labelSelector = `${BUILD_LABEL}=${metadata.name}`;
  return (await client.list(Pods, { namespace: metadata.namespace ?? "", labelSelector })).items;
}

/** What the builder said at its end. */
function factsOf(pods: readonly Stored<Pod>[]): Pick<BuildStatus, "stages" | "log"> {
  for (const pod of pods) {
    const result = resultOf(pod);
    if (result === undefined) continue;
    return { stages: result.stages, ...(result.log === undefined ? {} : { log: result.log }) };
  }
  return {};
}

function isGivenUp(deleted: string | undefined, now: Date): boolean {
  return deleted !== undefined && now.getTime() - Date.parse(deleted) > GIVE_UP_MILLIS;
}

function sentence({ metadata, status }: Stored<Build>): string {
  const person = metadata.annotations?.[CANCELLED_BY_ANNOTATION];
  const by = person === undefined ? "It was cancelled" : `${person} cancelled it`;
  const stage = status?.stages?.find(({ state }) => state !== "Succeeded")?.name;
  if (stage !== undefined) return `${by} in stage ${stage}`;
  return status?.startTime === undefined ? `${by} while it was queued` : by;
}
