import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_SECONDS = 60;
const PAUSE_MILLIS = 25;

/**
 * Asks until the check passes and answers what it answers; then throws what it said last. The time bounds a machine
 * that has much else to do: it measures nothing.
 */
export async function eventually<T>(check: () => Promise<T> | T): Promise<T> {
  const end = performance.now() + PATIENCE_SECONDS * 1000;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(PAUSE_MILLIS);
    }
  }
}
