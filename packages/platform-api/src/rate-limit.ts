import { PlatformError } from "./errors.ts";

export interface RateLimitOptions {
  perSecond: number;
  /** Milliseconds that only go forward. */
  now?: () => number;
}

const BURST_SECONDS = 2;
const MAX_KEYS = 10_000;

/** Lets each key pass `perSecond` times a second, with a burst of two seconds' worth. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor({ perSecond, now = () => performance.now() }: RateLimitOptions) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** @throws PlatformError TooManyRequests */
  pass(key: string): void {
    const now = this.#now();
    const most = this.#perSecond * BURST_SECONDS;
    const bucket = this.#buckets.get(key) ?? { tokens: most, at: now };
    const tokens = Math.min(most, bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond);
    if (this.#buckets.size >= MAX_KEYS) this.#buckets.clear();
    this.#buckets.set(key, { tokens: Math.max(0, tokens - 1), at: now });
    if (tokens < 1) {
      throw new PlatformError(
        "TooManyRequests",
        `Cannot answer: more than ${this.#perSecond} requests a second`,
        { hint: "Wait a second and go on more slowly" },
      );
    }
  }
}
