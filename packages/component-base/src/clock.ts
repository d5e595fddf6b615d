/** A timer that was asked for; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as the code sees it; tests put a fake in its place (`@jdos/component-base/testing`). */
export interface Clock {
  now(): Date;
  /** Milliseconds that only go forward; good for differences alone. */
  monotonicMillis(): number;
  /** Runs `callback` once after the delay. */
  schedule(delayMillis: number, callback: () => void): Timer;
  /** Resolves after the delay; rejects with the signal's reason when it fires first. */
  sleep(delayMillis: number, signal?: AbortSignal): Promise<void>;
}

const MAX_TIMEOUT_MILLIS = 2 ** 31 - 1;

/** Builds a Clock's sleep from its schedule. */
export function sleepWith(
  schedule: Clock["schedule"],
  delayMillis: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = schedule(delayMillis, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function schedule(delayMillis: number, callback: () => void): Timer {
  const timeout = setTimeout(callback, Math.min(Math.max(0, delayMillis), MAX_TIMEOUT_MILLIS));
  return { cancel: () => clearTimeout(timeout) };
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMillis: () => performance.now(),
  schedule,
  sleep: (delayMillis, signal) => sleepWith(schedule, delayMillis, signal),
};
