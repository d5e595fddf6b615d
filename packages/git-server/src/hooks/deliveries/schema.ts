import type { DatabaseSync } from "node:sqlite";

const VERSION = 1;

/** Makes the tables, or finds them. What is committed is on the disk: an answer of 2xx promises that. */
export function prepareSchema(database: DatabaseSync): void {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA auto_vacuum = INCREMENTAL");
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version === VERSION) return;
  database.exec(`
    BEGIN;
    CREATE TABLE IF NOT EXISTS deliveries (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      hook TEXT NOT NULL,
      id TEXT NOT NULL,
      time TEXT NOT NULL,
      event TEXT NOT NULL,
      outcome TEXT NOT NULL,
      message TEXT NOT NULL,
      application TEXT,
      build TEXT,
      headers TEXT,
      body BLOB
    ) STRICT;
    CREATE INDEX IF NOT EXISTS deliveries_by_hook ON deliveries (hook, sequence);
    CREATE INDEX IF NOT EXISTS deliveries_open ON deliveries (hook, outcome) WHERE outcome IN ('Queued', 'Building');
    CREATE TABLE IF NOT EXISTS seen (
      hook TEXT NOT NULL,
      key TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (hook, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS redelivered (hook TEXT PRIMARY KEY, request TEXT NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA user_version = ${VERSION};
    COMMIT;
  `);
}
