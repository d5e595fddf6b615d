import { DatabaseSync, type StatementSync } from "node:sqlite";
import { messageOf } from "@jdos/apimachinery";
import { ApiServerError } from "../errors.ts";
import { upgradeSchema } from "./schema.ts";

/** One row as it is kept. */
export interface JournalRow {
  resource: string;
  namespace: string;
  name: string;
  revision: number;
  body: string;
}

/** One change of the journal: a row to keep, or a key to drop. */
export type JournalEntry =
  | {
      readonly kind: "put";
      readonly resource: string;
      readonly namespace: string;
      readonly name: string;
      readonly revision: number;
      readonly body: string;
    }
  | {
      readonly kind: "delete";
      readonly resource: string;
      readonly namespace: string;
      readonly name: string;
      readonly revision: number;
    };

/**
 * The SQLite file. A batch is one transaction; append() returns after COMMIT, which with synchronous=FULL in WAL
 * mode means after the log has been synced to disk.
 */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #count: StatementSync;

  /** @param path of the file, or ":memory:" */
  constructor(path: string) {
    try {
      this.#database = new DatabaseSync(path);
      this.#database.exec(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;",
      );
      upgradeSchema(this.#database);
    } catch (error) {
      throw new ApiServerError("STORE_UNREADABLE", `Cannot open store "${path}": ${messageOf(error)}`, {
        hint: "Check that the file is writable, not used by another process, and not written by a newer version",
        cause: error,
      });
    }
    this.#put = this.#database.prepare(
      "INSERT INTO objects (resource, namespace, name, revision, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision, body = excluded.body",
    );
    this.#drop = this.#database.prepare(
      "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?",
    );
    this.#count = this.#database.prepare("UPDATE counters SET value = ? WHERE name = 'revision'");
  }

  /** The last revision that was acknowledged. */
  revision(): number {
    const row = this.#database.prepare("SELECT value FROM counters WHERE name = 'revision'").get() as {
      value: number;
    };
    return row.value;
  }

  /** Every row, in the order of its key. */
  rows(): Iterable<JournalRow> {
    return this.#database
      .prepare("SELECT resource, namespace, name, revision, body FROM objects")
      .iterate() as Iterable<JournalRow>;
  }

  /** Writes a batch; all of it or none. */
  append(entries: readonly JournalEntry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const entry of entries) this.#write(entry);
      this.#count.run(last.revision);
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #write(entry: JournalEntry): void {
    if (entry.kind === "put")
      this.#put.run(entry.resource, entry.namespace, entry.name, entry.revision, entry.body);
    else this.#drop.run(entry.resource, entry.namespace, entry.name);
  }

  close(): void {
    this.#database.close();
  }
}
