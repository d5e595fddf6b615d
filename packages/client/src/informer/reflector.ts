import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Clock } from "@jdos/component-base";
import { backOffMillis } from "../back-off.ts";
import type { Client, Stored } from "../client.ts";
import type { InformerOptions } from "../informer-contract.ts";

/** What a reflector feeds. */
export interface ReflectorSink<T extends KubeObject> {
  /** The whole state as of now. */
  replace(objects: readonly Stored<T>[]): void;
  put(object: Stored<T>): void;
  remove(object: Stored<T>): void;
}

export interface ReflectorOptions<T extends KubeObject> {
  client: Client;
  type: ResourceType<T>;
  selection: Pick<InformerOptions, "namespace" | "labelSelector" | "fieldSelector">;
  sink: ReflectorSink<T>;
  clock: Clock;
  /** Told of each failure that is retried. */
  onError(error: unknown): void;
}

const BACK_OFF = { baseMillis: 100, maxMillis: 30_000 };
/** Watches are renewed at different times, so that a server's restart is not followed by a crowd every few minutes. */
const WATCH_SECONDS = { min: 300, spread: 300 };
/** A watch that ended sooner than this without an event counts as a failure. */
const SHORT_WATCH_MILLIS = 1000;

/**
 * Keeps a sink equal to the server until the signal fires: a list, then a watch from its revision, resumed at the
 * last revision seen; a new list only when that revision is too old.
 */
export async function reflect<T extends KubeObject>(
  options: ReflectorOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, onError } = options;
  let resourceVersion: string | undefined;
  let exact = false;
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (resourceVersion === undefined) resourceVersion = await list(options, { exact, signal });
      exact = false;
      const seen = await watch(options, resourceVersion, signal);
      resourceVersion = seen.resourceVersion;
      failures = seen.healthy ? 0 : failures + 1;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof WatchFailure) {
        resourceVersion = error.resourceVersion;
        if (error.progressed) failures = 0;
      }
      const cause = error instanceof WatchFailure ? error.cause : error;
      if (isStatus(cause, "Expired", "Gone")) {
        exact = resourceVersion !== undefined;
        resourceVersion = undefined;
        if (failures++ === 0) continue;
      } else {
        failures++;
        onError(cause);
      }
    }
    if (failures > 0) await clock.sleep(backOffMillis(failures - 1, BACK_OFF), signal).catch(() => {});
  }
}

interface ListRequest {
  /** Ask for the newest state rather than what the server has at hand. */
  exact: boolean;
  signal: AbortSignal;
}

async function list<T extends KubeObject>(
  options: ReflectorOptions<T>,
  { exact, signal }: ListRequest,
): Promise<string> {
  const { client, type, selection, sink } = options;
  const answer = await client.list(type, {
    ...selection,
    ...(exact ? {} : { resourceVersion: "0" }),
    signal,
  });
  sink.replace(answer.items);
  return answer.metadata.resourceVersion;
}

/** A watch that broke, with the revision to go on from. */
class WatchFailure extends Error {
  readonly resourceVersion: string;
  readonly progressed: boolean;

  constructor(cause: unknown, resourceVersion: string, progressed: boolean) {
    super("Watch broke", { cause });
    this.resourceVersion = resourceVersion;
    this.progressed = progressed;
  }
}

interface Seen {
  resourceVersion: string;
  healthy: boolean;
}

async function watch<T extends KubeObject>(
  options: ReflectorOptions<T>,
  from: string,
  signal: AbortSignal,
): Promise<Seen> {
  const { client, type, selection, sink, clock } = options;
  const started = clock.monotonicMillis();
  let resourceVersion = from;
  let events = 0;
  try {
    const stream = await client.watch(type, {
      ...selection,
      resourceVersion: from,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.round(WATCH_SECONDS.min + WATCH_SECONDS.spread * Math.random()),
      signal,
    });
    for await (const event of stream) {
      events++;
      if (event.type === "BOOKMARK") {
        resourceVersion = event.resourceVersion;
        continue;
      }
      resourceVersion = event.object.metadata.resourceVersion;
      if (event.type === "DELETED") sink.remove(event.object);
      else sink.put(event.object);
    }
  } catch (error) {
    throw new WatchFailure(error, resourceVersion, events > 0);
  }
  return { resourceVersion, healthy: events > 0 || clock.monotonicMillis() - started >= SHORT_WATCH_MILLIS };
}
