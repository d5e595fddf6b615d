import { type Clock, systemClock } from "@jdos/component-base";

export interface BelievedOptions {
  millis: number;
  /** Defaults to 1000. */
  most?: number;
  clock?: Clock;
}

/** Answers that are believed for a moment; the oldest go first. */
export class Believed<T> {
  readonly #options: Required<BelievedOptions>;
  readonly #known = new Map<string, { answer: T; untilMillis: number }>();

  constructor({ millis, most = 1000, clock = systemClock }: BelievedOptions) {
    this.#options = { millis, most, clock };
  }

  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const { millis, most, clock } = this.#options;
    const now = clock.now().getTime();
    const present = this.#known.get(key);
    if (present !== undefined && present.untilMillis > now) return present.answer;
    const answer = await ask();
    this.#known.delete(key);
    this.#known.set(key, { answer, untilMillis: now + millis });
    if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value as string);
    return answer;
  }
}
