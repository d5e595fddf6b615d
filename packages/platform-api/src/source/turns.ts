import { PlatformError } from "../errors.ts";

export interface TurnsOptions {
  /** At work at the same time. */
  places: number;
  /** Waiting at the same time. Defaults to 256. */
  waiting?: number;
  /** Longest wait. Defaults to 30. */
  patienceSeconds?: number;
}

/** Lets so many work at once; the others wait in the order they came, for a bounded time. */
export class Turns {
  readonly #options: Required<TurnsOptions>;
  readonly #queue: (() => void)[] = [];
  #underWay = 0;

  constructor({ places, waiting = 256, patienceSeconds = 30 }: TurnsOptions) {
    this.#options = { places, waiting, patienceSeconds };
  }

  /** @throws PlatformError TooManyRequests where too many wait, or none ends in time */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#options.places) await this.#wait();
    else this.#underWay++;
    try {
      return await work();
    } finally {
      // Whoever is next has the place from now on.
      const next = this.#queue.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }

  async #wait(): Promise<void> {
    if (this.#queue.length >= this.#options.waiting) throw this.#busy();
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(turn), 1);
        reject(this.#busy());
      }, this.#options.patienceSeconds * 1000);
      this.#queue.push(turn);
    });
  }

  #busy(): PlatformError {
    const count = this.#underWay + this.#queue.length;
    return new PlatformError("TooManyRequests", `Cannot take the source: ${count} uploads are under way`, {
      hint: "Try again in a moment",
    });
  }
}
