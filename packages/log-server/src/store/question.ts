import { type LogStoreQuery, MAX_PAGE_LINES } from "@jdos/api";
import { LogServerError } from "../errors.ts";
import { nanosOf } from "../time.ts";
import { oldestKept, type Retention } from "./store.ts";

/** A LogStoreQuery in numbers, with the cursor worked in. */
export interface Question {
  /** Of the two ends, both belong to it. Nanoseconds. */
  readonly low: bigint;
  readonly high: bigint;
  readonly newestFirst: boolean;
  readonly limit: number;
  /** Lines of the moment the order begins with that were given already. */
  readonly skip: number;
}

const MAX = 9_223_372_036_854_775_807n;

export interface QuestionOptions {
  retention: Retention;
  nowMillis: number;
}

export function questionOf(query: LogStoreQuery, { retention, nowMillis }: QuestionOptions): Question {
  const newestFirst = query.order !== "oldest";
  let low = query.since === undefined ? 0n : momentOf(query.since, "since");
  let high = query.until === undefined ? MAX : momentOf(query.until, "until");
  const kept = oldestKept(retention, nowMillis);
  if (low < kept) low = kept;
  const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
  if (cursor !== undefined && newestFirst && cursor.time < high) high = cursor.time;
  if (cursor !== undefined && !newestFirst && cursor.time > low) low = cursor.time;
  const limit = Math.min(MAX_PAGE_LINES, Math.max(1, query.limit ?? 200));
  return { low, high, newestFirst, limit, skip: cursor?.skip ?? 0 };
}

function momentOf(text: string, field: string): bigint {
  const nanos = nanosOf(text);
  if (nanos !== undefined) return nanos;
  throw new LogServerError("BadRequest", `Cannot read "${field}": "${text}" is not a time`, {
    hint: "Write it as RFC 3339 does: 2026-01-02T03:04:05Z",
  });
}

/** Of lines in the order asked for: the one after them. `before` is the question they answer. */
export function cursorAfter(times: readonly bigint[], before: Question): string {
  const last = times.at(-1)!;
  const same = times.length - 1 - times.findLastIndex((time) => time !== last);
  const begin = before.newestFirst ? before.high : before.low;
  // All of them are of the moment that the last page ended with.
  const earlier = same === times.length && last === begin ? before.skip : 0;
  return cursorAt(last, earlier + same);
}

/** The lines from a moment on, without the first `skip` of that moment. */
export function cursorAt(time: bigint, skip: number): string {
  return `${time}.${skip}`;
}

const MAX_SKIP = 1_000_000;

function readCursor(text: string): { time: bigint; skip: number } {
  const [, time, skip] = /^(\d{1,19})\.(\d{1,7})$/.exec(text) ?? [];
  if (time !== undefined && Number(skip) <= MAX_SKIP) return { time: BigInt(time), skip: Number(skip) };
  throw new LogServerError("BadRequest", `Cannot read "cursor": "${text}" is none`, {
    hint: "Take it from the page before, to the same question",
  });
}
