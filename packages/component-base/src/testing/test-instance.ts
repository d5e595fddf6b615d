import { closeSync, existsSync, fstatSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileLock, lockFile } from "../file-lock.ts";
import { MAX_INSTANCE, RUN_ROOT } from "../instance.ts";

/** Platforms take the lowest free numbers, tests the highest. */
const LOWEST = 30;

let taken: { instance: number; lock: FileLock } | undefined;

/**
 * An instance number that no other test process and no platform uses: every host-wide name a test makes derives
 * from it. The same number for the whole life of this process; the kernel gives it back when the process ends.
 */
export function testInstance(): number {
  taken ??= takeInstance();
  return taken.instance;
}

function takeInstance(): { instance: number; lock: FileLock } {
  for (let instance = MAX_INSTANCE; instance >= LOWEST; instance--) {
    if (existsSync(join(RUN_ROOT, "claims", String(instance)))) continue;
    const lock = lockTestInstance(instance);
    if (lock !== undefined) return { instance, lock };
  }
  throw new Error(`Cannot take a test instance: ${LOWEST} to ${MAX_INSTANCE} are all in use`);
}

/** Undefined while a test process, this one too, uses the instance. Who gets it may remove what a killed one left. */
export function lockTestInstance(instance: number): FileLock | undefined {
  if (instance === taken?.instance) return undefined;
  return lockTestFile(join(tmpdir(), `${TEST_LOCK_PREFIX}${instance}`));
}

/** How the files begin by which test instances are held, in the system's directory for temporary files. */
const TEST_LOCK_PREFIX = "jdos-test-instance-";

/**
 * Locks the file of this name. Another test run may remove the file between its creation and the lock: a lock of a
 * file that has no name any more keeps nobody out, so it does not count.
 */
export function lockTestFile(path: string): FileLock | undefined {
  while (true) {
    const file = openSync(path, "a");
    const { ino } = fstatSync(file);
    // Closed before the lock: closing any descriptor of a file gives up this process's locks of it.
    closeSync(file);
    const lock = lockFile(path);
    if (lock === undefined || statSync(path, { throwIfNoEntry: false })?.ino === ino) return lock;
    lock.release();
  }
}

/** Gives this process's own instance back, and removes the files that no other test process holds. Idempotent. */
export function removeTestLocks(directory = tmpdir()): void {
  taken?.lock.release();
  taken = undefined;
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(TEST_LOCK_PREFIX) || name.endsWith("-journal")) continue;
    const path = join(directory, name);
    const lock = lockTestFile(path);
    if (lock === undefined) continue;
    for (const file of [path, `${path}-journal`]) rmSync(file, { force: true });
    lock.release();
  }
}
