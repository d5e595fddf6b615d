import type { Clock } from "@jdos/component-base";

/** After this long an expectation is given up: an event was lost, and the world is read as it is. */
const TIMEOUT_MILLIS = 5 * 60_000;

interface Expected {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMillis: number;
}

/**
 * What a controller has asked for and its informer has not shown yet. While something is outstanding for a key,
 * the informer's memory is too old to count on.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Expected>();

  constructor({ clock }: { clock: Clock }) {
    this.#clock = clock;
  }

  /** Call before the creations are asked for; it replaces what was expected before. */
  expectCreations(key: string, count: number): void {
    this.#expected.set(key, {
      creations: count,
      deletions: new Set(),
      sinceMillis: this.#clock.monotonicMillis(),
    });
  }

  /** Call before the deletions are asked for. */
  expectDeletions(key: string, uids: readonly string[]): void {
    this.#expected.set(key, {
      creations: 0,
      deletions: new Set(uids),
      sinceMillis: this.#clock.monotonicMillis(),
    });
  }

  /** The informer showed a creation, or it will never come because the call failed. */
  creationObserved(key: string): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined) expected.creations--;
  }

  /** The informer showed the object gone or going, or the call failed. */
  deletionObserved(key: string, uid: string): void {
    this.#expected.get(key)?.deletions.delete(uid);
  }

  satisfied(key: string): boolean {
    const expected = this.#expected.get(key);
    if (expected === undefined) return true;
    if (expected.creations <= 0 && expected.deletions.size === 0) return true;
    return this.#clock.monotonicMillis() - expected.sinceMillis > TIMEOUT_MILLIS;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }
}
