import { type Clock, systemClock, type Timer } from "@jdos/component-base";
import { backOffMillis } from "../back-off.ts";

export interface WorkQueueOptions {
  /** Keys handled at the same time. Defaults to 1. */
  concurrency?: number;
  /** The wait after a first failure. Defaults to 5. */
  baseDelayMillis?: number;
  /** Defaults to 60,000. */
  maxDelayMillis?: number;
  /**
   * A key is handed out no more often than this: what is added meanwhile waits. The first is handed out at once.
   * Defaults to 0.
   */
  minIntervalMillis?: number;
  clock?: Clock;
  random?: () => number;
}

/**
 * Keys that wait to be handled. A key waits at most once; one that is added while it is being handled is handled
 * once more afterwards, and never twice at the same time. First come, first served: a key that comes back goes to
 * the end.
 */
export interface WorkQueue {
  add(key: string): void;
  /** Adds the key after the delay, or earlier when an earlier delay is pending for it. */
  addAfter(key: string, delayMillis: number): void;
  /** Adds the key after a back-off that doubles with each call until forget(). */
  retry(key: string): void;
  /** Forgets the failures of the key. */
  forget(key: string): void;
  failures(key: string): number;
  /** Begins to hand keys out. An error thrown by `handle` is the handler's own affair: nothing is retried. */
  start(handle: (key: string) => Promise<void>): void;
  /** Keys that wait, without those delayed. */
  readonly length: number;
  /** Keys that are handled now. */
  readonly active: number;
  /** Resolves when nothing waits and nothing is handled (delays do not count). */
  idle(): Promise<void>;
  /** Drops what waits, and resolves when what is being handled has ended. */
  stop(): Promise<void>;
}

interface Delayed {
  readonly dueMillis: number;
  readonly timer: Timer;
}

export function createWorkQueue(options: WorkQueueOptions = {}): WorkQueue {
  return new KeyQueue(options);
}

class KeyQueue implements WorkQueue {
  readonly #concurrency: number;
  readonly #backOff: { baseMillis: number; maxMillis: number; random?: () => number };
  readonly #minIntervalMillis: number;
  readonly #clock: Clock;
  /** Insertion order is the order of service. */
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  /** Added while active. */
  readonly #again = new Set<string>();
  /** Handed out less than the interval ago. */
  readonly #resting = new Map<string, Timer>();
  /** Added while resting. */
  readonly #held = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  #idleWaiters: (() => void)[] = [];
  #handle: ((key: string) => Promise<void>) | undefined;
  #stopped = false;
  #scheduled = false;

  constructor({
    concurrency = 1,
    baseDelayMillis = 5,
    maxDelayMillis = 60_000,
    minIntervalMillis = 0,
    clock = systemClock,
    random,
  }: WorkQueueOptions) {
    this.#concurrency = concurrency;
    this.#backOff = { baseMillis: baseDelayMillis, maxMillis: maxDelayMillis, random };
    this.#minIntervalMillis = minIntervalMillis;
    this.#clock = clock;
  }

  get length(): number {
    return this.#waiting.size + this.#held.size;
  }

  get active(): number {
    return this.#active.size;
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#active.has(key)) {
      this.#again.add(key);
      return;
    }
    if (this.#resting.has(key)) {
      this.#held.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#wake();
  }

  addAfter(key: string, delayMillis: number): void {
    if (this.#stopped) return;
    if (delayMillis <= 0) {
      this.add(key);
      return;
    }
    const dueMillis = this.#clock.monotonicMillis() + delayMillis;
    const pending = this.#delayed.get(key);
    if (pending !== undefined && pending.dueMillis <= dueMillis) return;
    pending?.timer.cancel();
    const timer = this.#clock.schedule(delayMillis, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMillis, timer });
  }

  retry(key: string): void {
    const failures = this.failures(key);
    this.#failures.set(key, failures + 1);
    this.addAfter(key, backOffMillis(failures, this.#backOff));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  start(handle: (key: string) => Promise<void>): void {
    this.#handle = handle;
    this.#wake();
  }

  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#again.clear();
    this.#held.clear();
    for (const timer of this.#resting.values()) timer.cancel();
    this.#resting.clear();
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    await this.idle();
  }

  #isIdle(): boolean {
    return this.length === 0 && this.#active.size === 0;
  }

  /** Hands out in a later microtask, so that a burst of adds is one round. */
  #wake(): void {
    if (this.#scheduled || this.#handle === undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#handOut();
    });
  }

  #handOut(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= this.#concurrency) return;
      this.#waiting.delete(key);
      this.#active.add(key);
      void this.#serve(key);
    }
  }

  async #serve(key: string): Promise<void> {
    const startedMillis = this.#minIntervalMillis > 0 ? this.#clock.monotonicMillis() : 0;
    try {
      await this.#handle?.(key);
    } catch {
      // The handler reports its own errors; the queue only keeps going.
    } finally {
      this.#active.delete(key);
      if (this.#minIntervalMillis > 0) this.#rest(key, startedMillis);
      if (this.#again.delete(key)) this.add(key);
      this.#handOut();
      if (this.#isIdle()) {
        for (const resolve of this.#idleWaiters) resolve();
        this.#idleWaiters = [];
      }
    }
  }
  #rest(key: string, startedMillis: number): void {
    const leftMillis = startedMillis + this.#minIntervalMillis - this.#clock.monotonicMillis();
    if (this.#stopped || leftMillis <= 0) return;
    const timer = this.#clock.schedule(leftMillis, () => {
      this.#resting.delete(key);
      if (this.#held.delete(key)) this.add(key);
    });
    this.#resting.set(key, timer);
  }
}
