import { mkdirSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type { KnownRuns, LogBatch, LogPage, LogStoreQuery, LogStoreStatus } from "@jdos/api";
import { messageOf } from "@jdos/apimachinery";
import { LogServerError } from "../../errors.ts";
import { timeText } from "../../time.ts";
import { cursorAfter, cursorAt, questionOf } from "../question.ts";
import { type LogStore, oldestKept, type Retention } from "../store.ts";
import { type FoundLine, Segment } from "./segment.ts";

export interface SqliteStoreOptions {
  directory: string;
  retention: Retention;
  /** Of the disk, left to others. Defaults to 256 MiB. */
  reserveBytes?: number;
  /** Milliseconds since the epoch. Defaults to the clock's. */
  now?: () => number;
  /** Free bytes of the directory's disk. Defaults to what statfs says. */
  freeBytes?: () => number;
}

/** So many segments make the whole: this share of it goes at once. */
const SEGMENTS = 8;
const MIN_SEGMENT_BYTES = 1024 * 1024;
const DAY_MILLIS = 86_400_000;
/** After so long a search gives what it has, and says how to go on. */
const PATIENCE_MILLIS = 2_000;

/**
 * Keeps lines in SQLite files, a segment after the other: the youngest is written, the oldest is deleted as a whole when
 * it is too old or they are too much together. One process a directory.
 */
export class SqliteStore implements LogStore {
  readonly #options: Required<SqliteStoreOptions>;
  /** The oldest first; the last one is written. */
  readonly #segments: Segment[];
  #next: number;
  #full: string | undefined;

  constructor({ directory, ...options }: SqliteStoreOptions) {
    const free = (): number => {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    };
    this.#options = {
      directory,
      reserveBytes: 256 * 1024 * 1024,
      now: Date.now,
      freeBytes: free,
      ...options,
    };
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(directory)
      .flatMap((name) => /^(\d{8})\.db$/.exec(name)?.[1] ?? [])
      .sort();
    this.#next = Number(numbers.at(-1) ?? 0) + 1;
    try {
      this.#segments = numbers.map((number) => new Segment(join(directory, `${number}.db`)));
      if (this.#segments.length === 0) this.#segments.push(this.#newSegment());
    } catch (cause) {
      throw new LogServerError(
        "StoreFailed",
        `Cannot open the log store in "${directory}": ${messageOf(cause)}`,
        {
          hint: "See that the disk has room and no other process uses the directory; deleting the directory begins anew",
          cause,
        },
      );
    }
  }

  get #youngest(): Segment {
    return this.#segments.at(-1)!;
  }

  #newSegment(): Segment {
    const name = `${String(this.#next++).padStart(8, "0")}.db`;
    return new Segment(join(this.#options.directory, name));
  }

  async positions(runs: readonly string[]): Promise<KnownRuns> {
    return this.#youngest.positions(runs);
  }

  async append({ runs }: LogBatch): Promise<void> {
    const { retention, now } = this.#options;
    this.#makeRoom();
    if (this.#full !== undefined) throw this.#diskFull(this.#full);
    const nowMillis = now();
    try {
      this.#youngest.append(runs, { oldest: oldestKept(retention, nowMillis), nowMillis });
    } catch (cause) {
      if (!/full/i.test(messageOf(cause))) throw cause;
      this.#dropOldest();
      throw this.#diskFull("the disk has no room left", cause);
    }
    if (this.#isWritten()) this.#roll();
  }

  async query(query: LogStoreQuery): Promise<LogPage> {
    const { retention, now } = this.#options;
    const question = questionOf(query, { retention, nowMillis: now() });
    const until = performance.now() + PATIENCE_MILLIS;
    const { newestFirst, low, high, limit, skip } = question;
    const edge = (segment: Segment): bigint => (newestFirst ? segment.span!.high : segment.span!.low);
    const isBefore = (a: bigint, b: bigint): boolean => (newestFirst ? a > b : a < b);
    const open = this.#segments
      .filter(({ span }) => span !== undefined && span.high >= low && span.low <= high)
      .sort((a, b) => (edge(a) === edge(b) ? 0 : isBefore(edge(a), edge(b)) ? -1 : 1));
    let found: FoundLine[] = [];
    for (let segment = open[0]; segment !== undefined; segment = open[0]) {
      const worst = found[limit + skip - 1];
      if (worst !== undefined && isBefore(worst.nanos, edge(segment))) break;
      // Each page goes further than the one before, however long that takes.
      if (performance.now() > until && isBefore(newestFirst ? high : low, edge(segment)))
        return unfinished(found, edge(segment), { isBefore, question });
      open.shift();
      // A stable sort: lines of one moment stay in the order of their segments.
      found = [...found, ...segment.find(query, question)]
        .sort((a, b) => (a.nanos === b.nanos ? 0 : isBefore(a.nanos, b.nanos) ? -1 : 1))
        .slice(0, limit + skip);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return pageOf(found, question);
  }

  async status(): Promise<LogStoreStatus> {
    const { retention } = this.#options;
    this.#makeRoom();
    const lows = this.#segments.flatMap(({ span }) => (span === undefined ? [] : [span.low]));
    const oldest = lows.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
    return {
      state: this.#full === undefined ? "Ok" : "Full",
      ...(this.#full === undefined ? {} : { message: `Nothing is kept: ${this.#full}` }),
      usedBytes: this.#usedBytes(),
      limitBytes: retention.diskBytes,
      retentionDays: retention.days,
      ...(oldest === undefined ? {} : { oldest: timeText(oldest) }),
    };
  }

  async maintain(): Promise<void> {
    const { retention, now } = this.#options;
    const oldest = oldestKept(retention, now());
    while (this.#segments.length > 1 && (this.#segments[0]!.span?.high ?? 0n) < oldest) this.#dropOldest();
    const { span } = this.#youngest;
    if (span !== undefined && span.low < BigInt(now() - DAY_MILLIS) * 1_000_000n) this.#roll();
    this.#makeRoom();
  }

  async close(): Promise<void> {
    for (const segment of this.#segments.splice(0)) segment.close();
  }

  #usedBytes(): number {
    return this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  #isWritten(): boolean {
    return (
      this.#youngest.sizeBytes >= Math.max(MIN_SEGMENT_BYTES, this.#options.retention.diskBytes / SEGMENTS)
    );
  }

  #roll(): void {
    const older = this.#youngest;
    const fresh = this.#newSegment();
    // Older than that, a run's lines would not be kept if they were read again.
    fresh.inherit(older, this.#options.now() - this.#options.retention.days * DAY_MILLIS);
    this.#segments.push(fresh);
    older.seal();
  }

  #makeRoom(): void {
    const { retention, reserveBytes, freeBytes, directory } = this.#options;
    while (this.#segments.length > 1 && this.#usedBytes() > retention.diskBytes) this.#dropOldest();
    while (this.#segments.length > 1 && freeBytes() < reserveBytes) this.#dropOldest();
    this.#full =
      freeBytes() < reserveBytes
        ? `the disk of "${directory}" has less than ${Math.round(reserveBytes / 2 ** 20)} MiB left`
        : undefined;
  }

  #dropOldest(): void {
    if (this.#segments.length > 1) this.#segments.shift()!.remove();
  }

  #diskFull(why: string, cause?: unknown): LogServerError {
    return new LogServerError("DiskFull", `Cannot keep lines: ${why}`, {
      hint: "Free space on that disk; lines wait in the nodes' log files meanwhile",
      cause,
    });
  }
}

function pageOf(found: readonly FoundLine[], question: Parameters<typeof cursorAfter>[1]): LogPage {
  const { skip, limit, newestFirst, high, low } = question;
  const begin = newestFirst ? high : low;
  const given = Math.min(skip, found.filter(({ nanos }) => nanos === begin).length);
  const lines = found.slice(given, given + limit);
  const times = lines.map(({ nanos }) => nanos);
  return {
    lines: lines.map(({ nanos: _, ...line }) => line),
    ...(lines.length < limit ? {} : { cursor: cursorAfter(times, question) }),
  };
}

interface UnfinishedOptions {
  isBefore: (a: bigint, b: bigint) => boolean;
  question: Parameters<typeof cursorAfter>[1];
}

/** What comes before everything that was not looked at; the rest is found again with the cursor. */
function unfinished(
  found: readonly FoundLine[],
  edge: bigint,
  { isBefore, question }: UnfinishedOptions,
): LogPage {
  const { lines } = pageOf(
    found.filter(({ nanos }) => isBefore(nanos, edge)),
    question,
  );
  return { lines, cursor: cursorAt(edge, 0) };
}
