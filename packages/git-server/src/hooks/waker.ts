import type { Clock, Timer } from "@jdos/component-base";

export interface WakerOptions {
  clock: Pick<Clock, "schedule" | "monotonicMillis">;
  /** Between two calls of a key. */
  everyMillis: number;
}

const MAX_KEYS = 10_000;

/** Calls that come close together are one: at once where the last was long enough ago, else when it is. */
export class Waker {
  readonly #options: WakerOptions;
  readonly #waiting = new Map<string, Timer>();
  readonly #last = new Map<string, number>();
  #idle: (() => void)[] = [];

  constructor(options: WakerOptions) {
    this.#options = options;
  }

  wake(key: string, call: () => void): void {
    if (this.#waiting.has(key)) return;
    const { clock, everyMillis } = this.#options;
    const delay = (this.#last.get(key) ?? Number.NEGATIVE_INFINITY) + everyMillis - clock.monotonicMillis();
    const run = (): void => {
      this.#waiting.delete(key);
      if (this.#last.size >= MAX_KEYS) this.#last.clear();
      this.#last.set(key, clock.monotonicMillis());
      call();
      if (this.#waiting.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
    if (delay <= 0) run();
    else this.#waiting.set(key, clock.schedule(delay, run));
  }

  /** Resolves when no call waits. */
  async idle(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  stop(): void {
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
