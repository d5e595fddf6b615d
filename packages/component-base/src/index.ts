/**
 * What every process needs before it does anything of its own: a logger, metrics, options, a clock, an orderly
 * shutdown, health endpoints, certificates and a way to run the machine's commands.
 */
export type { Clock } from "./clock.ts";
export { systemClock } from "./clock.ts";
export type { Logger, LoggerOptions, LogLevel } from "./logger.ts";
export { createLogger } from "./logger.ts";
