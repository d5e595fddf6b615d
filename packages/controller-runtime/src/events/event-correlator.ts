import { formatTime } from "@jdos/apimachinery";
import type { Clock } from "@jdos/component-base";
import type { ObjectRef } from "../contract.ts";

export interface Occurrence {
  about: ObjectRef & { resourceVersion?: string };
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  source: { component: string; host?: string };
}

/** The Event as it is to be written. */
export interface WrittenEvent {
  metadata: { name: string; namespace: string };
  involvedObject: ObjectRef & { resourceVersion?: string };
  type: string;
  reason: string;
  message: string;
  source: { component: string; host?: string };
  reportingComponent: string;
  reportingInstance: string;
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
}

export interface EventWrite {
  event: WrittenEvent;
  /** False: an Event of this name was written before; only its count, message and time change. */
  isNew: boolean;
}

export interface CorrelatorOptions {
  clock: Clock;
}

/** An event a source may write about one object before it is held back, and how fast it earns more. */
const BURST = 25;
const REFILL_MILLIS = 300_000;
/** From this many different messages with one reason about one object on, they are counted together. */
const MAX_SIMILAR = 10;
const SIMILAR_WINDOW_MILLIS = 600_000;
const MAX_REMEMBERED = 4096;

interface Bucket {
  tokens: number;
  atMillis: number;
}

interface Similar {
  messages: Set<string>;
  atMillis: number;
}

/**
 * Decides what becomes of an event as client-go does: an equal one raises a count, many similar ones are combined,
 * a source that floods one object is held back.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #written = new Map<string, WrittenEvent>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #similar = new Map<string, Similar>();
  #serial = 0;

  constructor({ clock }: CorrelatorOptions) {
    this.#clock = clock;
  }

  /** Nothing when the source must hold back. */
  correlate(occurrence: Occurrence): EventWrite | undefined {
    const { about, type, reason } = occurrence;
    const object = [about.kind, about.namespace, about.name, about.uid, about.fieldPath].join("\0");
    if (!this.#mayWrite(object)) return undefined;
    const group = `${object}\0${type}\0${reason}`;
    const combined = this.#isFlood(group, occurrence.message);
    const message = combined ? `(combined from similar events): ${occurrence.message}` : occurrence.message;
    const identity = combined ? group : `${group}\0${occurrence.message}`;
    const now = formatTime(this.#clock.now());
    const before = this.#written.get(identity);
    const event =
      before === undefined
        ? this.#newEvent(occurrence, message, now)
        : { ...before, message, count: before.count + 1, lastTimestamp: now };
    remember(this.#written, identity, event);
    return { event, isNew: before === undefined };
  }

  #newEvent({ about, type, reason, source }: Occurrence, message: string, now: string): WrittenEvent {
    const serial = (this.#clock.now().getTime() * 1000 + (this.#serial++ % 1000)).toString(16);
    return {
      metadata: { name: `${about.name}.${serial}`, namespace: about.namespace || "default" },
      involvedObject: about,
      type,
      reason,
      message,
      source,
      reportingComponent: source.component,
      reportingInstance: source.host ?? "",
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
    };
  }

  #mayWrite(object: string): boolean {
    const nowMillis = this.#clock.monotonicMillis();
    const bucket = this.#buckets.get(object) ?? { tokens: BURST, atMillis: nowMillis };
    const tokens = Math.min(BURST, bucket.tokens + (nowMillis - bucket.atMillis) / REFILL_MILLIS);
    const allowed = tokens >= 1;
    remember(this.#buckets, object, { tokens: allowed ? tokens - 1 : tokens, atMillis: nowMillis });
    return allowed;
  }

  #isFlood(group: string, message: string): boolean {
    const nowMillis = this.#clock.monotonicMillis();
    const known = this.#similar.get(group);
    const fresh = known !== undefined && nowMillis - known.atMillis <= SIMILAR_WINDOW_MILLIS;
    const similar: Similar = fresh ? known : { messages: new Set(), atMillis: nowMillis };
    similar.atMillis = nowMillis;
    if (similar.messages.size < MAX_SIMILAR) similar.messages.add(message);
    remember(this.#similar, group, similar);
    return !similar.messages.has(message);
  }
}

/** Keeps the newest entries only. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value!);
}
