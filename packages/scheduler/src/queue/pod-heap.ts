import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";

interface Entry {
  readonly key: string;
  readonly priority: number;
  readonly order: number;
}

/** A binary heap of Pods: highest priority first, then first come first served. Deletion is by key. */
export class PodHeap {
  readonly #entries: Entry[] = [];
  readonly #pods = new Map<string, { pod: Stored<Pod>; order: number }>();
  #order = 0;

  get size(): number {
    return this.#pods.size;
  }

  /** Adds the Pod; one that is there already keeps its place and gets the new object. */
  push(key: string, pod: Stored<Pod>): void {
    if (this.replace(key, pod)) return;
    const entry = { key, priority: pod.spec?.priority ?? 0, order: this.#order++ };
    this.#pods.set(key, { pod, order: entry.order });
    this.#entries.push(entry);
    this.#up(this.#entries.length - 1);
  }

  replace(key: string, pod: Stored<Pod>): boolean {
    const present = this.#pods.get(key);
    if (present === undefined) return false;
    present.pod = pod;
    return true;
  }

  /** The entry stays in the heap until it comes out, and is passed over then. */
  delete(key: string): void {
    this.#pods.delete(key);
  }

  pop(): Stored<Pod> | undefined {
    for (;;) {
      const first = this.#entries[0];
      if (first === undefined) return undefined;
      const last = this.#entries.pop()!;
      if (this.#entries.length > 0) {
        this.#entries[0] = last;
        this.#down(0);
      }
      const present = this.#pods.get(first.key);
      if (present === undefined || present.order !== first.order) continue;
      this.#pods.delete(first.key);
      return present.pod;
    }
  }

  #up(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(this.#entries[index]!, this.#entries[parent]!)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #down(from: number): void {
    let index = from;
    for (;;) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.#entries.length && before(this.#entries[child]!, this.#entries[first]!))
          first = child;
      }
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #swap(a: number, b: number): void {
    const entry = this.#entries[a]!;
    this.#entries[a] = this.#entries[b]!;
    this.#entries[b] = entry;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority > b.priority;
}
