/**
 * The whole: starts what a machine needs, in order, and keeps it running. The only package that knows everyone; it
 * takes `start` of each and nothing else. The CLI runs it as a process, by path (main.ts).
 * @module
 */
export type { PlatformStatus } from "./control/status.ts";
export type { Finding } from "./doctor/doctor.ts";
export { JdosdError, type JdosdErrorCode } from "./errors.ts";
export type { JdosdOptions } from "./options.ts";
export type { PartState, PartStatus } from "./platform/part.ts";
export { createProgress, type Progress, type ProgressLine } from "./progress.ts";
export { type RunningPlatform, start } from "./start.ts";
