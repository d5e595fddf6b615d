import pino, { type DestinationStream, type Logger } from "pino";

export type { Logger };

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

export interface LoggerOptions {
  /** The component that speaks; child loggers add their own keys. */
  name: string;
  /** Defaults to "info". */
  level?: LogLevel;
  /** Where lines go. Defaults to standard error. */
  destination?: DestinationStream;
}

/**
 * JSON lines with a constant message and its facts as keys: `log.info({ pod: "demo/web-0" }, "Started container")`.
 * An error goes under the key `err`.
 */
export function createLogger({ name, level = "info", destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.errWithCause },
  };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}
