import { existsSync } from "node:fs";
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
    const lock = lockFile(join(tmpdir(), `${TEST_LOCK_PREFIX}${instance}`));
    if (lock !== undefined) return { instance, lock };
  }
  throw new Error(`Cannot take a test instance: ${LOWEST} to ${MAX_INSTANCE} are all in use`);
}

/** How the files begin by which test instances are held, in the system's directory for temporary files. */
export const TEST_LOCK_PREFIX = "jdos-test-instance-";
