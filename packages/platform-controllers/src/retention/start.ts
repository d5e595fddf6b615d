import type { Timer } from "@jdos/component-base";
import type { Retention, RetentionOptions } from "./retention.ts";

/** Passes, one after another, until it is stopped. The first comes after a while: what serves starts first. */
export function startRetention(
  retention: Retention,
  { clock, log, settings }: Pick<RetentionOptions, "clock" | "log" | "settings">,
): { stop(): Promise<void> } {
  let stopped = false;
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  const later = (): void => {
    timer = clock.schedule(settings.retention.everySeconds * 1000, () => {
      running = retention
        .pass()
        .catch((err: unknown) => log.warn({ err }, "Cannot look for images that nothing needs"))
        .then(() => (stopped ? undefined : later()));
    });
  };
  later();
  return {
    async stop() {
      stopped = true;
      timer?.cancel();
      await running;
    },
  };
}
