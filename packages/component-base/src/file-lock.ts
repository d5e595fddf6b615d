import { DatabaseSync } from "node:sqlite";

/** A lock that the kernel lets go when its process ends, however it ends. */
export interface FileLock {
  release(): void;
}

export interface FileLockOptions {
  /** How long to wait for another holder. Defaults to 0: fail at once. */
  waitMillis?: number;
}

/**
 * Locks a file of its own for this process, or returns undefined when another process holds it. SQLite's
 * exclusive transaction is a POSIX record lock: no stale file can ever block a start.
 */
export function lockFile(path: string, { waitMillis = 0 }: FileLockOptions = {}): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: waitMillis });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && (error as Error & { errcode?: number }).errcode === SQLITE_BUSY;
}
