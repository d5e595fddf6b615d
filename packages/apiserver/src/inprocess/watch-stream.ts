import type { KubeObject } from "@jdos/apimachinery";
import type { WatchEvent } from "@jdos/client";
import type { WatchOutput } from "../registry/watch.ts";
import type { ChangeType, StoredObject } from "../storage/event.ts";

const MAX_WAITING = 10_000;

/**
 * A watch as an async iterable. What is not read waits here; a reader that falls too far behind is ended, and
 * lists again like everyone whose watch ended.
 */
export class WatchStream implements WatchOutput, AsyncIterableIterator<WatchEvent<KubeObject>> {
  #events: WatchEvent<KubeObject>[] = [];
  #next = 0;
  #wake: ((result: IteratorResult<WatchEvent<KubeObject>>) => void) | undefined;
  #ended = false;
  /** Whether the present state is being sent: that is never too much. */
  established = false;
  /** Ends the watch at its source. */
  stop: () => void = () => {};

  event(type: ChangeType, object: StoredObject): void {
    this.#push({ type, object });
  }

  bookmark(revision: number): void {
    this.#push({ type: "BOOKMARK", resourceVersion: String(revision) });
  }

  #push(event: WatchEvent<KubeObject>): void {
    if (this.#ended) return;
    const wake = this.#wake;
    if (wake !== undefined) {
      this.#wake = undefined;
      wake({ done: false, value: event });
      return;
    }
    if (this.established && this.#events.length - this.#next >= MAX_WAITING) this.end();
    else this.#events.push(event);
  }

  /** Nothing more comes; what waits is still read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.stop();
    this.#wake?.({ done: true, value: undefined });
    this.#wake = undefined;
  }

  next(): Promise<IteratorResult<WatchEvent<KubeObject>>> {
    const event = this.#events[this.#next];
    if (event !== undefined) {
      this.#next++;
      if (this.#next === this.#events.length || this.#next > 1024) {
        this.#events = this.#events.slice(this.#next);
        this.#next = 0;
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  return(): Promise<IteratorResult<WatchEvent<KubeObject>>> {
    this.end();
    this.#events = [];
    this.#next = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
