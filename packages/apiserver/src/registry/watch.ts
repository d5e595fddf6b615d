import { StatusError } from "@jdos/apimachinery";
import { authorizeCall } from "../authorization/authorize.ts";
import { type ChangeType, eventFor, type StoredObject, type StoreEvent } from "../storage/event.ts";
import type { Call, Core } from "./call.ts";
import { parseRevision, tooLarge } from "./list.ts";
import { type SelectorOptions, selectionOf } from "./selection.ts";

export interface WatchCallOptions extends SelectorOptions {
  resourceVersion?: string;
  allowWatchBookmarks?: boolean;
  /** The present state first, then a bookmark that says so. */
  sendInitialEvents?: boolean;
}

/** Where a watch's events go; the methods are called in the order of revisions and must not throw. */
export interface WatchOutput {
  /** `json`: the object's JSON where it is already made. */
  event(type: ChangeType, object: StoredObject, json: string | undefined): void;
  bookmark(revision: number, initialEventsEnd: boolean): void;
  end(): void;
}

/**
 * Watches a collection: what was missed since a revision, then what happens. Without a revision the present state
 * comes first. Returns the function that ends the watch.
 * @throws StatusError Expired when what was missed is forgotten
 */
export function watch(core: Core, call: Call, options: WatchCallOptions, output: WatchOutput): () => void {
  authorizeCall(core, call, "watch");
  const { store } = core;
  const { storageKey } = call.endpoint;
  const selection = selectionOf(call, options);
  const revision = options.resourceVersion ? parseRevision(options.resourceVersion) : 0;
  if (revision > store.revision) throw tooLarge(revision, store.revision);
  if (options.sendInitialEvents && !options.allowWatchBookmarks) {
    throw new StatusError("BadRequest", "sendInitialEvents requires setting allowWatchBookmarks to true");
  }
  const initial = options.sendInitialEvents ?? revision === 0;
  const send = (type: ChangeType, event: StoreEvent) => output.event(type, event.object, event.json);
  const stop = store.watch(storageKey, selection, {
    after: initial ? store.revision : revision,
    replay: (event) => {
      const type = eventFor(event, (object) => selection.matches(object));
      if (type !== undefined) send(type, event);
    },
    sink: {
      event: send,
      end: () => output.end(),
      ...(options.allowWatchBookmarks ? { bookmark: (at: number) => output.bookmark(at, false) } : {}),
    },
  });
  if (initial) sendPresent(core, call, selection, output);
  if (options.sendInitialEvents) output.bookmark(store.revision, true);
  return stop;
}

function sendPresent(
  core: Core,
  call: Call,
  selection: ReturnType<typeof selectionOf>,
  output: WatchOutput,
): void {
  for (const object of core.store.table(call.endpoint.storageKey).sorted(selection.namespace)) {
    if (selection.everything || selection.matches(object)) output.event("ADDED", object, undefined);
  }
}
