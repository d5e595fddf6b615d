import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Clock } from "@jdos/component-base";
import { backOffMillis } from "../back-off.ts";
import type { Client, Stored } from "../client.ts";
import type { InformerOptions } from "../informer-contract.ts";
import type { InformerMetrics } from "./informer-metrics.ts";
import { Relist } from "./relist.ts";
import { type Watched, watchOnce } from "./watch-once.ts";

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
  metrics?: InformerMetrics;
  /** The first list is the newest state. Defaults to what the server has at hand. */
  newest?: boolean;
  /** Told of each failure that is retried. */
  onError(error: unknown): void;
}

const BACK_OFF = { baseMillis: 100, maxMillis: 30_000 };
/** A watch that ended sooner than this counts as a failure. */
const SHORT_WATCH_SECONDS = 1;
/** The back-off does not grow beyond this many failures (1 s) while watches bring something, however short they are. */
const FAILURES_WITH_PROGRESS = 4;
/** A server that asks for a longer wait is asked again after this. */
const MAX_ASKED_SECONDS = 300;

/**
 * Keeps a sink equal to the server until the signal fires: a list, then a watch from its revision, resumed at the
 * last revision seen; a new list only when that revision is too old, or what came could not be read. Between two
 * requests that failed lies a back-off with jitter.
 */
export async function reflect<T extends KubeObject>(
  options: ReflectorOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const { client, type, selection, clock, metrics, onError } = options;
  const relist = new Relist({ client, type, selection, signal });
  if (options.newest === true) relist.forget();
  let from: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    let error: unknown;
    let atOnce = false;
    try {
      if (from === undefined) {
        metrics?.listed(type.resource);
        from = await replaceAll(relist, options.sink);
      }
      metrics?.watchStarted(type.resource);
      const watched = await watchOnce({ ...options, from }, signal);
      if (signal.aborted) return;
      metrics?.watchEnded(type.resource, watched.reason);
      from = goOnFrom(watched, relist);
      // A first expiry is met by a list at once: its revision was good when it was seen.
      atOnce = watched.reason === "expired" && failures === 0;
      failures = failuresAfter(watched, failures);
      if (isNews(watched)) error = watched.error;
    } catch (caught) {
      if (signal.aborted) return;
      failures++;
      error = caught;
    }
    if (error !== undefined) onError(error);
    if (failures > 0 && !atOnce) await clock.sleep(waitMillis(failures, error), signal).catch(() => {});
  }
}

async function replaceAll<T extends KubeObject>(relist: Relist<T>, sink: ReflectorSink<T>): Promise<string> {
  const { items, resourceVersion } = await relist.list();
  sink.replace(items);
  relist.seen(resourceVersion);
  return resourceVersion;
}

/** The revision of the next watch; undefined when a list must come first. */
function goOnFrom<T extends KubeObject>(
  { next, resourceVersion }: Watched,
  relist: Relist<T>,
): string | undefined {
  if (next === "list-anew") relist.forget();
  else relist.seen(resourceVersion);
  return next === "watch" ? resourceVersion : undefined;
}

function failuresAfter({ reason, events, seconds }: Watched, failures: number): number {
  const orderly = reason === "ended" || reason === "silent" || reason === "expired";
  if (seconds >= SHORT_WATCH_SECONDS) return orderly ? 0 : 1;
  return events > 0 ? Math.min(failures + 1, FAILURES_WITH_PROGRESS) : failures + 1;
}

/** An end that is no part of a watch's ordinary life. */
function isNews({ reason }: Watched): boolean {
  return reason !== "ended" && reason !== "expired" && reason !== "silent";
}

function waitMillis(failures: number, error: unknown): number {
  const asked = isStatus(error) ? (error.details?.retryAfterSeconds ?? 0) : 0;
  const least = Math.min(asked, MAX_ASKED_SECONDS) * 1000 * (1 + 0.5 * Math.random());
  return Math.max(least, backOffMillis(failures - 1, BACK_OFF));
}
