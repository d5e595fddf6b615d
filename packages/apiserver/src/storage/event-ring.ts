import type { StoreEvent } from "./event.ts";

/** So many of the latest events keep their JSON. */
const KEEP_JSON = 500;

export interface EventRingOptions {
  /** Never more than this many. Defaults to 10,000. */
  capacity?: number;
  /** Events younger than this are kept as long as the capacity allows. Defaults to 300. */
  keepSeconds?: number;
  /** This many are kept however old they are. Defaults to 1,000. */
  keepAtLeast?: number;
}

/** The latest events of one resource, oldest first: what a watch can be resumed from. */
export class EventRing {
  readonly #capacity: number;
  readonly #keepMs: number;
  readonly #keepAtLeast: number;
  #events: StoreEvent[] = [];
  #head = 0;
  #floor: number;

  /** @param floor the revision up to which nothing is known */
  constructor(
    floor: number,
    { capacity = 10_000, keepSeconds = 300, keepAtLeast = 1_000 }: EventRingOptions = {},
  ) {
    this.#floor = floor;
    this.#capacity = capacity;
    this.#keepMs = keepSeconds * 1000;
    this.#keepAtLeast = keepAtLeast;
  }

  /** Watches can be resumed from this revision and later ones. */
  get floor(): number {
    return this.#floor;
  }

  push(event: StoreEvent): void {
    this.#events.push(event);
    const older = this.#events[this.#events.length - KEEP_JSON];
    if (older !== undefined) older.json = undefined;
    while (this.#mustDrop(event.at)) this.#drop();
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  #mustDrop(now: number): boolean {
    const size = this.#events.length - this.#head;
    if (size > this.#capacity) return true;
    return size > this.#keepAtLeast && now - this.#events[this.#head]!.at > this.#keepMs;
  }

  #drop(): void {
    this.#floor = this.#events[this.#head]!.revision;
    // The slot is emptied so that the object can be collected before the array is cut.
    this.#events[this.#head] = undefined as unknown as StoreEvent;
    this.#head++;
  }

  /** Events after a revision, oldest first. The caller has checked the floor. */
  *after(revision: number): Iterable<StoreEvent> {
    let low = this.#head;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < this.#events.length; index++) yield this.#events[index]!;
  }
}
