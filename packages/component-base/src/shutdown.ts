import type { Logger } from "./logger.ts";

/** Something that runs and can be stopped; stop() may be called twice. */
export interface Running {
  stop(): Promise<void>;
}

/** Things to stop, the last started first. */
export interface Shutdown extends Running {
  add(name: string, running: Running | (() => Promise<void> | void)): void;
  /** Aborted as soon as stopping begins. */
  readonly signal: AbortSignal;
}

export interface ShutdownOptions {
  log: Logger;
  /** What does not stop in time is left behind and reported. Defaults to 10. */
  timeoutSeconds?: number;
}

/** Stops everything that was added, in reverse, even when one of them fails; then throws what failed. */
export function createShutdown({ log, timeoutSeconds = 10 }: ShutdownOptions): Shutdown {
  const controller = new AbortController();
  const entries: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    controller.abort(new Error("Stopping"));
    const failures: { name: string; error: unknown }[] = [];
    for (const { name, stop } of entries.reverse()) {
      try {
        await withTimeout(stop, timeoutSeconds);
        log.debug({ part: name }, "Stopped part");
      } catch (error) {
        failures.push({ name, error });
      }
    }
    if (failures.length === 0) return;
    const said = failures.map(
      ({ name, error }) => `"${name}": ${error instanceof Error ? error.message : error}`,
    );
    throw new AggregateError(
      failures.map(({ error }) => error),
      `Cannot stop every part: ${said.join("; ")}`,
    );
  }

  return {
    signal: controller.signal,
    add: (name, running) =>
      entries.push({ name, stop: typeof running === "function" ? running : () => running.stop() }),
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

async function withTimeout(stop: () => Promise<void> | void, timeoutSeconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`still running after ${timeoutSeconds} s`)),
      timeoutSeconds * 1000,
    );
  });
  try {
    await Promise.race([stop(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls back once at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function onTerminationSignal(callback: (signal: NodeJS.Signals) => void): void {
  let seen = false;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (seen) process.exit(130);
      seen = true;
      callback(name);
    });
  }
}
