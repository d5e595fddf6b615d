interface Entry {
  delayMs: number;
  updatedAt: number;
}

export interface BackOffOptions {
  initialMs?: number;
  maxMs?: number;
}

/**
 * Waiting times a key: each next() doubles the key's delay up to the limit, and a key that kept quiet for twice
 * the limit begins anew. Times are milliseconds since the epoch.
 */
export class BackOff {
  readonly #entries = new Map<string, Entry>();
  readonly #initialMs: number;
  readonly #maxMs: number;

  constructor({ initialMs = 10_000, maxMs = 300_000 }: BackOffOptions = {}) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
  }

  /** What is left of the delay when it counts from `since`; 0 when there is none. */
  remaining(key: string, since: number, now: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, since)) return 0;
    return Math.max(0, since + entry.delayMs - now);
  }

  /** As remaining(), counted from the key's last next(). */
  remainingSinceUpdate(key: string, now: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, now)) return 0;
    return Math.max(0, entry.updatedAt + entry.delayMs - now);
  }

  next(key: string, eventTime: number, now: number): void {
    const entry = this.#entries.get(key);
    const delayMs =
      entry === undefined || this.#expired(entry, eventTime)
        ? this.#initialMs
        : Math.min(entry.delayMs * 2, this.#maxMs);
    this.#entries.set(key, { delayMs, updatedAt: now });
  }

  delay(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Forgets every key with the prefix. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: Entry, eventTime: number): boolean {
    return eventTime - entry.updatedAt > this.#maxMs * 2;
  }
}

/** "10s", "1m20s", "5m0s": a delay as Go prints it. */
export function formatDelay(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
