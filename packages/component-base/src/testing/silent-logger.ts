import { createLogger, type Logger } from "../logger.ts";

/** A logger that writes nothing. */
export function silentLogger(): Logger {
  return createLogger({ name: "test", level: "silent" });
}
