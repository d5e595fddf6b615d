import { type Event, Events } from "@jdos/api";
import { type DeepReadonly, isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { Logger } from "@jdos/component-base";
import type { Store } from "../storage/store.ts";

/** Events live this long after they were last seen. */
const LIFE_MILLIS = 3600_000;
const SWEEP_MILLIS = 60_000;

export interface EventExpiryOptions {
  client: Client;
  store: Store;
  now(): Date;
  log: Logger;
}

/** Deletes old Events every minute. Returns the function that stops it. */
export function startEventExpiry(options: EventExpiryOptions): () => void {
  const timer = setInterval(() => {
    expireEvents(options).catch((error) => options.log.error({ err: error }, "Old events cannot be deleted"));
  }, SWEEP_MILLIS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Deletes the Events that are old now. */
export async function expireEvents({ client, store, now }: EventExpiryOptions): Promise<void> {
  const before = now().getTime() - LIFE_MILLIS;
  const old = [...store.table("events").values()].filter(
    (object) => lastSeen(object as unknown as DeepReadonly<Event>) < before,
  );
  for (const { metadata } of old) {
    const { name, namespace = "", uid } = metadata;
    try {
      await client.delete(Events, { name, namespace }, { preconditions: { uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound", "Conflict")) throw error;
    }
  }
}

function lastSeen({ metadata, lastTimestamp, eventTime, series }: DeepReadonly<Event>): number {
  return Date.parse(
    (series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp) as string,
  );
}
