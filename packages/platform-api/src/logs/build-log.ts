import { type Build, Builds, isBuildEnded, type LogLine } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { type Client, followObjects, type Stored } from "@jdos/client";
import { PlatformError } from "../errors.ts";
import type { RegistryAccess } from "../source/registry-access.ts";
import { openKeptLog } from "./kept-log.ts";
import { type PodLogLine, readBuildLog } from "./pod-log.ts";

export interface BuildLogOptions {
  client: Client;
  registry: RegistryAccess;
  person: string;
  build: Stored<Build>;
  signal: AbortSignal;
}

/** What a build has written so far: from its Pod while that is there, else as it is kept. */
export async function* readLogOnce(options: BuildLogOptions): AsyncGenerator<LogLine> {
  const { build } = options;
  const pod = build.status?.pod ?? build.metadata.name;
  const lines = await openLog(options);
  if (lines === undefined) throw noLog(build);
  for await (const line of lines) yield { pod, ...line };
}

/** Follows a build to its end, through each of its tries. */
export async function* followLog(options: BuildLogOptions): AsyncGenerator<LogLine> {
  const { client, build, signal } = options;
  const { namespace = "", name } = build.metadata;
  const selection = { namespace, fieldSelector: `metadata.name=${name}`, signal };
  let pod: string | undefined;
  let read = 0;
  for await (const [found] of followObjects(client, Builds, selection)) {
    if (found === undefined) return;
    const now = found.status?.pod;
    if (isBuildEnded(found)) {
      // What the Pod did not tell any more, its kept log does: the same lines in the same order.
      const seen = now === pod ? read : 0;
      yield* rest(options, found, seen);
      return;
    }
    if (now === undefined || now === pod || found.status?.phase !== "Running") continue;
    pod = now;
    read = 0;
    for await (const line of running({ client, namespace, pod, signal })) {
      read++;
      yield { pod, ...line };
    }
  }
}

/** The lines of a Pod to its end, or until it goes. */
async function* running(options: {
  client: Client;
  namespace: string;
  pod: string;
  signal: AbortSignal;
}): AsyncGenerator<PodLogLine> {
  try {
    yield* readBuildLog({ ...options, follow: true });
  } catch (error) {
    if (!isStatus(error)) throw error;
  }
}

async function* rest(options: BuildLogOptions, build: Stored<Build>, seen: number): AsyncGenerator<LogLine> {
  const lines = await openLog({ ...options, build });
  if (lines === undefined) return;
  let count = 0;
  for await (const line of lines) {
    if (count++ >= seen) yield { pod: build.status?.pod ?? build.metadata.name, ...line };
  }
}

async function openLog(options: BuildLogOptions): Promise<AsyncIterable<PodLogLine> | undefined> {
  const { build } = options;
  if (build.status?.log !== undefined) {
    const kept = await openKeptLog(options);
    if (kept !== undefined) return kept;
  }
  const ofPod = await openPodLog(options);
  if (ofPod !== undefined) return ofPod;
  return isBuildEnded(build) && build.status?.log === undefined ? openKeptLog(options) : undefined;
}

async function openPodLog({
  client,
  build,
  signal,
}: BuildLogOptions): Promise<AsyncIterable<PodLogLine> | undefined> {
  const pod = build.status?.pod;
  if (pod === undefined) return undefined;
  const lines = readBuildLog({ client, namespace: build.metadata.namespace ?? "", pod, signal });
  let first: IteratorResult<PodLogLine>;
  try {
    first = await lines.next();
  } catch (error) {
    // Not started yet, or gone.
    if (isStatus(error)) return undefined;
    throw error;
  }
  return startingWith(first, lines);
}

async function* startingWith(
  first: IteratorResult<PodLogLine>,
  others: AsyncGenerator<PodLogLine>,
): AsyncGenerator<PodLogLine> {
  if (first.done === true) return;
  yield first.value;
  yield* others;
}

function noLog({ spec, status }: Stored<Build>): PlatformError {
  const action = `Cannot read the log of build ${spec.number}`;
  if (status?.phase === "Queued" || status?.phase === undefined)
    return new PlatformError("NotFound", `${action}: it waits for its turn`, {
      hint: "Follow it: jdos build logs -f",
    });
  if (status.startTime === undefined || status.completionTime === undefined)
    return new PlatformError("NotFound", `${action}: it has not started`, {
      hint: "Wait a moment and ask again",
    });
  return new PlatformError("NotFound", `${action}: it ended before it wrote one, or its log is gone`, {
    hint: "Build it again: jdos build retry",
  });
}
