import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Clock } from "@jdos/component-base";
import type { Client, Stored, WatchEvent } from "../client.ts";
import { GarbledError, SilentError } from "../errors.ts";
import type { InformerOptions } from "../informer-contract.ts";
import type { WatchEnd } from "./informer-metrics.ts";
import { isTooLarge } from "./relist.ts";

export interface WatchOnceOptions<T extends KubeObject> {
  client: Client;
  type: ResourceType<T>;
  selection: Pick<InformerOptions, "namespace" | "labelSelector" | "fieldSelector">;
  sink: { put(object: Stored<T>): void; remove(object: Stored<T>): void };
  clock: Clock;
  /** Where the watch begins. */
  from: string;
}

/** How one watch went. */
export interface Watched {
  reason: WatchEnd;
  /** Of the last event: where the next watch goes on. */
  resourceVersion: string;
  /**
   * What comes next. "watch": go on from there. "list": the state again, not older than that revision. "list-anew":
   * the newest state, whatever its revision, for the one we have was garbled or lies in a future that was taken back.
   */
  next: "watch" | "list" | "list-anew";
  events: number;
  seconds: number;
  error?: unknown;
}

/** Watches are renewed at different times, so that a server's restart is not followed by a crowd every few minutes. */
const WATCH_SECONDS = { min: 300, spread: 300 };

/** Feeds the sink from one watch until that ends, however it ends. */
export async function watchOnce<T extends KubeObject>(
  options: WatchOnceOptions<T>,
  signal: AbortSignal,
): Promise<Watched> {
  const { client, type, selection, clock, from } = options;
  const started = clock.monotonicMillis();
  const state: Progress = { resourceVersion: from, events: 0, wentBack: false };
  let error: unknown;
  try {
    const stream = await client.watch(type, {
      ...selection,
      resourceVersion: from,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.round(WATCH_SECONDS.min + WATCH_SECONDS.spread * Math.random()),
      signal,
    });
    for await (const event of stream) {
      apply(options, event, state);
      if (state.wentBack) break;
    }
  } catch (caught) {
    error = caught;
  }
  const reason = state.wentBack ? "expired" : reasonOf(error);
  return {
    reason,
    resourceVersion: state.resourceVersion,
    next: nextAfter(reason, { ...state, wentBack: state.wentBack || isTooLarge(error) }),
    events: state.events,
    seconds: (clock.monotonicMillis() - started) / 1000,
    error,
  };
}

interface Progress {
  resourceVersion: string;
  events: number;
  /** A bookmark was older than what was seen: the server's store was set back. */
  wentBack: boolean;
}

function apply<T extends KubeObject>(
  { sink }: WatchOnceOptions<T>,
  event: WatchEvent<T>,
  state: Progress,
): void {
  state.events++;
  if (event.type === "BOOKMARK") {
    state.wentBack = Number(event.resourceVersion) < Number(state.resourceVersion);
    if (!state.wentBack) state.resourceVersion = event.resourceVersion;
    return;
  }
  state.resourceVersion = event.object.metadata.resourceVersion;
  if (event.type === "DELETED") sink.remove(event.object);
  else sink.put(event.object);
}

function nextAfter(reason: WatchEnd, { events, wentBack }: Progress): Watched["next"] {
  // What came before garbled bytes may have been changed as well, only less visibly.
  if (wentBack || reason === "garbled") return "list-anew";
  // Not even a bookmark: as of a server whose store was set back, which keeps quiet until it is past our revision.
  const mute = reason === "silent" && events === 0;
  return reason === "expired" || mute ? "list" : "watch";
}

function reasonOf(error: unknown): WatchEnd {
  if (error === undefined) return "ended";
  if (isStatus(error, "Expired", "Gone") || isTooLarge(error)) return "expired";
  if (isStatus(error)) return "refused";
  if (error instanceof GarbledError) return "garbled";
  return error instanceof SilentError ? "silent" : "broken";
}
