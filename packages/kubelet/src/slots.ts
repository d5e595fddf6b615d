/** Runs work when a slot is free; what is urgent goes before what is not, else first come, first served. */
export type Slots = <T>(work: () => Promise<T>, options?: { urgent?: boolean }) => Promise<T>;

/** At most `limit` pieces of work at once. */
export function createSlots(limit: number): Slots {
  let free = limit;
  const urgentQueue: (() => void)[] = [];
  const queue: (() => void)[] = [];
  return async (work, { urgent = false } = {}) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => (urgent ? urgentQueue : queue).push(resolve));
    try {
      return await work();
    } finally {
      const next = urgentQueue.shift() ?? queue.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
