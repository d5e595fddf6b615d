import type { KubeObject } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** An object as the store holds it: frozen, shared with every reader. */
export type StoredObject = Stored<KubeObject>;

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

/** One committed write. `object` of a deletion is the last state with the deletion's revision. */
export interface StoreEvent {
  readonly type: ChangeType;
  readonly revision: number;
  readonly object: StoredObject;
  /** The state before; absent when the object is new. */
  readonly old: StoredObject | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The object's JSON, made once for all who send it; dropped when the event is no longer new. */
  json: string | undefined;
}

/** What an event means to a watcher that sees only objects for which `matches` holds; undefined: nothing. */
export function eventFor(
  event: StoreEvent,
  matches: (object: StoredObject) => boolean,
): ChangeType | undefined {
  const before = event.old !== undefined && matches(event.old);
  const after = event.type !== "DELETED" && matches(event.object);
  if (before && after) return "MODIFIED";
  if (after) return "ADDED";
  return before ? "DELETED" : undefined;
}
