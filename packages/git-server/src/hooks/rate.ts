import type { Clock } from "@jdos/component-base";

export interface RateOptions {
  perSecond: number;
  /** As many may come at once. */
  burst: number;
  clock: Pick<Clock, "monotonicMillis">;
}

const MAX_KEYS = 10_000;

/** Counts down for each key, and fills up again with time. */
export class Rate {
  readonly #options: RateOptions;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(options: RateOptions) {
    this.#options = options;
  }

  /** Takes one; false: there is none. */
  take(key: string): boolean {
    const tokens = this.#tokens(key);
    if (this.#buckets.size >= MAX_KEYS) this.#forgetOldest();
    this.#buckets.delete(key);
    this.#buckets.set(key, {
      tokens: tokens < 1 ? tokens : tokens - 1,
      at: this.#options.clock.monotonicMillis(),
    });
    return tokens >= 1;
  }

  /** Whether there is one to take. */
  has(key: string): boolean {
    return this.#tokens(key) >= 1;
  }

  #tokens(key: string): number {
    const { perSecond, burst, clock } = this.#options;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return burst;
    return Math.min(burst, bucket.tokens + ((clock.monotonicMillis() - bucket.at) / 1000) * perSecond);
  }

  /** Keys stand in the order in which they were last taken from. */
  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
