import type { Clock } from "@jdos/component-base";

export interface RateLimiterOptions {
  perSecond: number;
  burst: number;
  clock: Clock;
}

/** A token bucket; calls wait for their turn in order. */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  #tokens: number;
  #atMillis: number;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#atMillis = options.clock.monotonicMillis();
  }

  /** Resolves with the milliseconds waited; a call that is given up gives its turn back. */
  async wait(signal?: AbortSignal): Promise<number> {
    const { perSecond, burst, clock } = this.#options;
    const now = clock.monotonicMillis();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#atMillis) / 1000) * perSecond) - 1;
    this.#atMillis = now;
    if (this.#tokens >= 0) return 0;
    try {
      await clock.sleep((-this.#tokens / perSecond) * 1000, signal);
      return clock.monotonicMillis() - now;
    } catch (error) {
      this.#tokens++;
      throw error;
    }
  }
}
