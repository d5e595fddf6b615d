import type { DatabaseSync } from "node:sqlite";

/** Each step takes the file from the version of its index to the next; never edit one that was released. */
const STEPS: readonly string[] = [
  `CREATE TABLE objects (
     resource TEXT NOT NULL,
     namespace TEXT NOT NULL,
     name TEXT NOT NULL,
     revision INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (resource, namespace, name)
   ) WITHOUT ROWID;
   CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
   INSERT INTO counters (name, value) VALUES ('revision', 1);`,
];

export const SCHEMA_VERSION = STEPS.length;

/**
 * Brings the database to the newest schema, each step in a transaction of its own.
 * @throws Error when the file was written by a newer version
 */
export function upgradeSchema(database: DatabaseSync): void {
  const row = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (row.user_version > SCHEMA_VERSION) {
    throw new Error(`schema version ${row.user_version} found, at most ${SCHEMA_VERSION} understood`);
  }
  for (let version = row.user_version; version < SCHEMA_VERSION; version++) {
    database.exec(`BEGIN; ${STEPS[version]} PRAGMA user_version = ${version + 1}; COMMIT;`);
  }
}
