import { rmSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { KnownRuns, LogStoreQuery, RunLines, StoredLine } from "@jdos/api";
import { nanosOf, timeText } from "../../time.ts";
import type { Question } from "../question.ts";

/**
 * Lines of one application lie together, in the order of their times; their key makes a line given twice one line. A row
 * longer than a quarter of a page takes pages of its own: large ones keep that rare.
 */
const SCHEMA = `
  PRAGMA page_size = 16384;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -2048;
  CREATE TABLE IF NOT EXISTS applications (id INTEGER PRIMARY KEY, system TEXT, application TEXT, UNIQUE (system, application));
  CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, run TEXT, stream TEXT, application INTEGER, pod TEXT, container TEXT, release INTEGER, UNIQUE (run, stream));
  CREATE TABLE IF NOT EXISTS lines (application INTEGER, time INTEGER, source INTEGER, file INTEGER, offset INTEGER, line TEXT, PRIMARY KEY (application, time, source, file, offset)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS positions (run TEXT PRIMARY KEY, source TEXT, file TEXT, offset INTEGER, seen INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS span (id INTEGER PRIMARY KEY CHECK (id = 0), low INTEGER, high INTEGER);
`;

interface Span {
  low: bigint;
  high: bigint;
}

export interface FoundLine extends StoredLine {
  readonly nanos: bigint;
}

/** One file of lines: those that came in one after another. The youngest one also knows where every run stands. */
export class Segment {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements: Record<"line" | "position" | "span" | "source" | "application", StatementSync>;
  readonly #sources = new Map<string, { id: number; application: number }>();
  #span: Span | undefined;

  constructor(path: string) {
    this.path = path;
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    this.#statements = {
      line: prepare("INSERT OR IGNORE INTO lines VALUES (?, ?, ?, ?, ?, ?)"),
      position: prepare("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?)"),
      span: prepare("INSERT OR REPLACE INTO span VALUES (0, ?, ?)"),
      source: prepare(
        "INSERT INTO sources (run, stream, application, pod, container, release) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET pod = excluded.pod RETURNING id",
      ),
      application: prepare(
        "INSERT INTO applications (system, application) VALUES (?, ?) ON CONFLICT DO UPDATE SET system = excluded.system RETURNING id",
      ),
    };
    const span = prepare("SELECT low, high FROM span");
    span.setReadBigInts(true);
    this.#span = span.get() as Span | undefined;
  }

  /** Of the times of its lines; undefined while it has none. */
  get span(): Readonly<Span> | undefined {
    return this.#span;
  }

  get sizeBytes(): number {
    return ["", "-wal"].reduce((sum, suffix) => sum + sizeOf(`${this.path}${suffix}`), 0);
  }

  /** One transaction: lines and where their runs stand then. Lines before `oldest` are let go. */
  append(runs: readonly RunLines[], { oldest, nowMillis }: { oldest: bigint; nowMillis: number }): void {
    let span = this.#span;
    this.#transaction(() => {
      for (const { source, lines, position } of runs) {
        const files = new Map<string, bigint>();
        for (const line of lines) {
          const time = nanosOf(line.time) ?? 0n;
          if (time < oldest) continue;
          const { id, application } = this.#sourceOf(source, line.stream);
          let fileNanos = files.get(line.file);
          if (fileNanos === undefined) {
            fileNanos = nanosOf(line.file) ?? 0n;
            files.set(line.file, fileNanos);
          }
          this.#statements.line.run(application, time, id, fileNanos, line.offset, line.line);
          span = {
            low: !span || time < span.low ? time : span.low,
            high: !span || time > span.high ? time : span.high,
          };
        }
        this.#statements.position.run(
          source.run,
          JSON.stringify(source),
          position.file,
          position.offset,
          nowMillis,
        );
      }
      if (span !== undefined && span !== this.#span) this.#statements.span.run(span.low, span.high);
    });
    this.#span = span;
  }

  #sourceOf({ run, ...source }: RunLines["source"], stream: string): { id: number; application: number } {
    const key = `${run} ${stream}`;
    let known = this.#sources.get(key);
    if (known === undefined) {
      const { system, pod, container, release } = source;
      const application = idOf(this.#statements.application.get(system, source.application));
      const id = idOf(this.#statements.source.get(run, stream, application, pod, container, release));
      known = { id, application };
      if (this.#sources.size >= 10_000) this.#sources.clear();
      this.#sources.set(key, known);
    }
    return known;
  }

  positions(runs: readonly string[]): KnownRuns {
    const one = this.#database.prepare("SELECT source, file, offset FROM positions WHERE run = ?");
    const known: KnownRuns = {};
    for (const run of runs) {
      const row = one.get(run) as { source: string; file: string; offset: number } | undefined;
      if (row !== undefined)
        known[run] = { source: JSON.parse(row.source), position: { file: row.file, offset: row.offset } };
    }
    return known;
  }

  /** Takes over where runs stand, but for those not heard of since. */
  inherit(older: Segment, sinceMillis: number): void {
    const rows = older.#database.prepare("SELECT * FROM positions WHERE seen >= ?").all(sinceMillis) as {
      run: string;
      source: string;
      file: string;
      offset: number;
      seen: number;
    }[];
    this.#transaction(() => {
      for (const { run, source, file, offset, seen } of rows)
        this.#statements.position.run(run, source, file, offset, seen);
    });
  }

  /** Up to `limit` and `skip` lines, in the order asked for. */
  find(query: LogStoreQuery, { low, high, newestFirst, limit, skip }: Question): FoundLine[] {
    const conditions = ["l.application = a.id", "l.time >= ?", "l.time <= ?"];
    const values: (string | number | bigint)[] = [query.system, query.application, low, high];
    for (const column of ["pod", "container", "release", "stream"] as const) {
      const value = query[column];
      if (value === undefined) continue;
      conditions.push(`s.${column} = ?`);
      values.push(value);
    }
    if (query.contains !== undefined && query.contains !== "") {
      conditions.push("instr(l.line, ?) > 0");
      values.push(query.contains);
    }
    const order = newestFirst ? "DESC" : "ASC";
    const statement = this.#database.prepare(
      `SELECT l.time AS nanos, s.pod, s.container, s.release, s.stream, l.line
       FROM applications a CROSS JOIN lines l CROSS JOIN sources s ON s.id = l.source
       WHERE a.system = ? AND a.application = ? AND ${conditions.join(" AND ")}
       ORDER BY l.time ${order}, l.source ${order}, l.file ${order}, l.offset ${order} LIMIT ${limit + skip}`,
    );
    statement.setReadBigInts(true);
    // SQLite answers records of anything; the columns above are those of Row.
    return (statement.all(...values) as unknown as Row[]).map(({ nanos, release, ...line }) => ({
      ...line,
      release: Number(release),
      nanos,
      time: timeText(nanos),
    }));
  }

  #transaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      // Numbers that were given out in it are not there.
      this.#sources.clear();
      throw error;
    }
  }

  /** Nothing more is written: its log goes into it. */
  seal(): void {
    this.#sources.clear();
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  close(): void {
    this.#database.close();
  }

  /** Closes it, and frees its place on the disk. */
  remove(): void {
    this.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${this.path}${suffix}`, { force: true });
  }
}

interface Row extends Omit<StoredLine, "time" | "release"> {
  nanos: bigint;
  release: bigint;
}

function idOf(row: unknown): number {
  return (row as { id: number }).id;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
