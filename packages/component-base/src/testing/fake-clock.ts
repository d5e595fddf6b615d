import { type Clock, sleepWith, type Timer } from "../clock.ts";

interface Pending {
  atMillis: number;
  callback: () => void;
}

/** A clock that moves only by `advance`; timers fire in the order of their time. */
export class FakeClock implements Clock {
  #millis: number;
  readonly #pending = new Set<Pending>();

  constructor(start: Date = new Date("2026-01-01T00:00:00Z")) {
    this.#millis = start.getTime();
  }

  now(): Date {
    return new Date(this.#millis);
  }

  monotonicMillis(): number {
    return this.#millis;
  }

  schedule(delayMillis: number, callback: () => void): Timer {
    const pending = { atMillis: this.#millis + Math.max(0, delayMillis), callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  sleep(delayMillis: number, signal?: AbortSignal): Promise<void> {
    return sleepWith((delay, callback) => this.schedule(delay, callback), delayMillis, signal);
  }

  /** How many timers wait. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Moves time forward and fires what is due, each at its own moment. */
  advance(millis: number): void {
    const end = this.#millis + millis;
    for (let next = this.#nextDue(end); next; next = this.#nextDue(end)) {
      this.#pending.delete(next);
      this.#millis = next.atMillis;
      next.callback();
    }
    this.#millis = end;
  }

  #nextDue(endMillis: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.atMillis <= endMillis && (!first || pending.atMillis < first.atMillis)) first = pending;
    }
    return first;
  }
}
