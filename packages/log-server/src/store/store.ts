import type { KnownRuns, LogBatch, LogPage, LogStoreQuery, LogStoreStatus } from "@jdos/api";

/** Where collectors give what they read. */
export interface LogSink {
  /** Where the runs stand that it has heard of. */
  positions(runs: readonly string[]): Promise<KnownRuns>;
  /** Resolves when all of it is kept. What it has already is not kept twice. @throws LogServerError Busy, DiskFull, StoreAway ... */
  append(batch: LogBatch): Promise<void>;
}

/** What keeps lines for a bounded time in a bounded place, and finds them. Contract: ../testing/store-contract.ts. */
export interface LogStore extends LogSink {
  /** @throws LogServerError BadRequest for a cursor that is none */
  query(query: LogStoreQuery): Promise<LogPage>;
  status(): Promise<LogStoreStatus>;
  /** Lets go of what is too old or too much, the oldest first. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}

export interface Retention {
  days: number;
  diskBytes: number;
}

const DAY_NANOS = 86_400_000_000_000n;

/** What was written before is not kept, and not shown. */
export function oldestKept({ days }: Retention, nowMillis: number): bigint {
  return BigInt(nowMillis) * 1_000_000n - BigInt(days) * DAY_NANOS;
}
