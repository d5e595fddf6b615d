import type {
  KnownRuns,
  LogBatch,
  LogPage,
  LogStoreQuery,
  LogStoreStatus,
  RunLines,
  StoredLine,
} from "@jdos/api";
import { messageOf } from "@jdos/apimachinery";
import { ClickHouse, type ClickHouseAccess, literal } from "@jdos/component-base/clickhouse";
import { LogServerError } from "../../errors.ts";
import { nanosOf, timeText } from "../../time.ts";
import { cursorAfter, questionOf } from "../question.ts";
import { type LogStore, oldestKept, type Retention } from "../store.ts";
import { asStoreError } from "./as-store-error.ts";
import { LINES, POSITIONS, SCHEMA } from "./schema.ts";

export interface ClickHouseStoreOptions extends ClickHouseAccess {
  retention: Retention;
  /** Milliseconds since the epoch. Defaults to the clock's. */
  now?: () => number;
  /** How long an insert gathers batches, for ClickHouse is slow with many small ones. Defaults to 500. */
  gatherMillis?: number;
}

interface Waiting {
  readonly runs: readonly RunLines[];
  resolve(): void;
  reject(error: unknown): void;
}

const MAX_WAITING = 64;

/**
 * Keeps lines in a ClickHouse server or cluster of somebody's own. Lines first, then where their runs stand: what is sent
 * again after a failure between the two is found once, by its key.
 */
export class ClickHouseStore implements LogStore {
  readonly #server: ClickHouse;
  readonly #options: Required<Pick<ClickHouseStoreOptions, "retention" | "now" | "gatherMillis">>;
  #prepared = false;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #lastSeen = 0;

  constructor({ retention, now = Date.now, gatherMillis = 500, ...server }: ClickHouseStoreOptions) {
    this.#server = new ClickHouse(server);
    this.#options = { retention, now, gatherMillis };
  }

  #run(statement: string, body?: string): Promise<string> {
    return this.#server.run(statement, body).catch(asStoreError);
  }

  #rows<T>(statement: string): Promise<T[]> {
    return this.#server.rows<T>(statement).catch(asStoreError);
  }

  /** Makes the tables where they are missing. */
  async prepare(): Promise<void> {
    if (this.#prepared) return;
    for (const statement of SCHEMA) await this.#run(statement);
    this.#prepared = true;
  }

  async positions(runs: readonly string[]): Promise<KnownRuns> {
    if (runs.length === 0) return {};
    await this.prepare();
    const rows = await this.#rows<{ run: string; source: string; file: string; offset: string }>(
      `SELECT run, argMax(source, seen) AS source, argMax(file, seen) AS file, argMax(offset, seen) AS offset
       FROM ${POSITIONS} WHERE run IN (${runs.map(literal).join(",")}) GROUP BY run`,
    );
    return Object.fromEntries(
      rows.map(({ run, source, file, offset }) => [
        run,
        { source: JSON.parse(source), position: { file, offset: Number(offset) } },
      ]),
    );
  }

  /** What comes while an insert is under way goes with the next one. */
  append({ runs }: LogBatch): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(
        new LogServerError("Busy", "Cannot take more lines: ClickHouse is slower than what is written", {
          hint: "They wait in the nodes' log files",
        }),
      );
    return new Promise((resolve, reject) => {
      this.#waiting.push({ runs, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.#options.gatherMillis));
      const batches = this.#waiting.splice(0);
      try {
        await this.#insert(batches.flatMap(({ runs }) => runs));
        for (const { resolve } of batches) resolve();
      } catch (error) {
        for (const { reject } of batches) reject(error);
      }
    }
    // In the same turn as the last look at what waits: nobody waits for a writer that has ended.
    this.#writing = undefined;
  }

  async #insert(runs: readonly RunLines[]): Promise<void> {
    await this.prepare();
    const oldest = oldestKept(this.#options.retention, this.#options.now());
    const lines = runs.flatMap((run) => rowsOf(run, oldest));
    if (lines.length > 0) await this.#run(`INSERT INTO ${LINES} FORMAT JSONEachRow`, lines.join("\n"));
    this.#lastSeen = Math.max(this.#lastSeen + 1, this.#options.now() * 1000);
    const positions = runs.map(({ source, position }, at) =>
      JSON.stringify({
        run: source.run,
        source: JSON.stringify(source),
        ...position,
        seen: String(this.#lastSeen + at),
      }),
    );
    this.#lastSeen += runs.length;
    if (positions.length > 0)
      await this.#run(`INSERT INTO ${POSITIONS} FORMAT JSONEachRow`, positions.join("\n"));
  }

  async query(query: LogStoreQuery): Promise<LogPage> {
    await this.prepare();
    const question = questionOf(query, {
      retention: this.#options.retention,
      nowMillis: this.#options.now(),
    });
    const { low, high, newestFirst, limit, skip } = question;
    const direction = newestFirst ? "DESC" : "ASC";
    const order = ["time", "run", "file", "offset"].map((column) => `${column} ${direction}`).join(", ");
    const begin = newestFirst ? high : low;
    const rows = await this.#rows<Omit<StoredLine, "time"> & { time: string; release: number }>(
      `SELECT time, pod, container, release, stream, line FROM ${LINES}
       WHERE ${conditionsOf(query, { low, high }).join(" AND ")}
       ORDER BY ${order} LIMIT 1 BY time, run, file, offset LIMIT ${limit + skip}`,
    );
    const given = Math.min(skip, rows.filter(({ time }) => BigInt(time) === begin).length);
    const lines = rows.slice(given, given + limit);
    return {
      lines: lines.map((line) => ({
        ...line,
        time: timeText(BigInt(line.time)),
        release: Number(line.release),
      })),
      ...(lines.length < limit
        ? {}
        : {
            cursor: cursorAfter(
              lines.map(({ time }) => BigInt(time)),
              question,
            ),
          }),
    };
  }

  async status(): Promise<LogStoreStatus> {
    const { retention } = this.#options;
    const bounds = { limitBytes: retention.diskBytes, retentionDays: retention.days };
    try {
      await this.prepare();
      const partitions = await this.#partitions();
      const usedBytes = partitions.reduce((sum, { bytes }) => sum + bytes, 0);
      return { state: "Ok", usedBytes, ...bounds };
    } catch (error) {
      if (!(error instanceof LogServerError)) throw error;
      return { state: "Away", message: messageOf(error), usedBytes: 0, ...bounds };
    }
  }

  /** Whole days go, and never the one that is written. */
  async maintain(): Promise<void> {
    await this.prepare();
    const { retention, now } = this.#options;
    const oldest = new Date(now() - retention.days * 86_400_000)
      .toISOString()
      .slice(0, 10)
      .replaceAll("-", "");
    const partitions = await this.#partitions();
    let used = partitions.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { day, bytes } of partitions.slice(0, -1)) {
      if (day >= oldest && used <= retention.diskBytes) break;
      await this.#run(`ALTER TABLE ${LINES} DROP PARTITION ${Number(day)}`);
      used -= bytes;
    }
  }

  /** The oldest day first. */
  async #partitions(): Promise<{ day: string; bytes: number }[]> {
    const rows = await this.#rows<{ partition: string; bytes: string }>(
      `SELECT partition, sum(bytes_on_disk) AS bytes FROM system.parts
       WHERE active AND database = currentDatabase() AND table = ${literal(LINES)} GROUP BY partition ORDER BY partition`,
    );
    return rows.map(({ partition, bytes }) => ({ day: partition, bytes: Number(bytes) }));
  }

  async close(): Promise<void> {
    await this.#writing;
  }
}

function rowsOf({ source, lines }: RunLines, oldest: bigint): string[] {
  return lines.flatMap(({ time, ...line }) => {
    const nanos = nanosOf(time) ?? 0n;
    return nanos < oldest ? [] : [JSON.stringify({ ...source, ...line, time: String(nanos) })];
  });
}

function conditionsOf(query: LogStoreQuery, { low, high }: { low: bigint; high: bigint }): string[] {
  const { contains } = query;
  return [
    ...(["system", "application", "pod", "container", "stream"] as const).flatMap((column) => {
      const value = query[column];
      return value === undefined ? [] : [`${column} = ${literal(value)}`];
    }),
    ...(query.release === undefined ? [] : [`release = ${Number(query.release)}`]),
    `time >= ${low}`,
    `time <= ${high}`,
    ...(contains === undefined || contains === "" ? [] : [`position(line, ${literal(contains)}) > 0`]),
  ];
}
