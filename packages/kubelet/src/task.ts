import type { Clock, Logger } from "@jdos/component-base";

export interface TaskOptions {
  name: string;
  /** Between the end of one turn and the next. */
  seconds: number | (() => number);
  work(): Promise<unknown>;
  clock: Clock;
  log: Logger;
}

export interface Task {
  /** Resolves when the turn under way, if any, is over. */
  stop(): Promise<void>;
}

/** Does something at once and then over and over; a failure is logged and the next turn tries again. */
export function startTask({ name, seconds, work, clock, log }: TaskOptions): Task {
  const stop = new AbortController();
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await work().catch((error: unknown) => log.warn({ err: error, task: name }, "Task failed"));
      const pause = typeof seconds === "number" ? seconds : seconds();
      await clock.sleep(pause * 1000, stop.signal).catch(() => undefined);
    }
  }
  const running = run();
  return {
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}
