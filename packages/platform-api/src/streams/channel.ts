/** A bounded queue between what produces and one reader: send() waits while it is full. */
export class Channel<T> {
  readonly #items: T[] = [];
  readonly #capacity: number;
  #closed = false;
  #error: unknown;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(capacity = 100) {
    this.#capacity = capacity;
  }

  /** False once the channel is closed. */
  async send(item: T): Promise<boolean> {
    while (!this.#closed && this.#items.length >= this.#capacity) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
    if (this.#closed) return false;
    this.#items.push(item);
    this.#wakeReader?.();
    return true;
  }

  /** Sends without waiting; false when the channel is full or closed. */
  offer(item: T): boolean {
    if (this.#closed || this.#items.length >= this.#capacity) return false;
    this.#items.push(item);
    this.#wakeReader?.();
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#wakeReader?.();
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }

  /** Ends the channel; the reader gets the error after what was sent before. */
  fail(error: unknown): void {
    if (!this.#closed) this.#error = error;
    this.close();
  }

  async *receive(signal?: AbortSignal): AsyncGenerator<T> {
    const onAbort = (): void => this.close();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      while (true) {
        while (this.#items.length > 0) {
          const item = this.#items.shift() as T;
          this.#wakeWriters.shift()?.();
          yield item;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#closed) return;
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.close();
    }
  }
}
