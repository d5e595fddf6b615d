export interface SlowStartResult {
  /** How many calls succeeded. */
  succeeded: number;
  /** How many calls failed or were never made. */
  missing: number;
  /** The first failure. */
  error: unknown;
}

/**
 * Makes `count` calls in batches that double from one, so that a call that can only fail is not made many times;
 * no batch follows one with a failure.
 */
export async function slowStart(count: number, call: () => Promise<void>): Promise<SlowStartResult> {
  let succeeded = 0;
  for (let batch = Math.min(1, count); batch > 0; batch = Math.min(2 * batch, count - succeeded)) {
    const results = await Promise.allSettled(Array.from({ length: batch }, call));
    const failures = results.filter((result) => result.status === "rejected");
    succeeded += batch - failures.length;
    if (failures.length > 0) return { succeeded, missing: count - succeeded, error: failures[0]!.reason };
  }
  return { succeeded, missing: 0, error: undefined };
}
