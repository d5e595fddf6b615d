/**
 * Collects what the containers of applications write, keeps it for a bounded time on a bounded part of the disk, and
 * answers questions about it over HTTP (@jdos/api, wire/logs.ts). The store is SQLite, or a ClickHouse of somebody's own.
 * @module
 */
export type { LogServerErrorCode } from "./errors.ts";
export { LogServerError } from "./errors.ts";
export type { CollectOptions, LogCollectorOptions, LogServerOptions, StoreOptions } from "./options.ts";
export type { LogKeys } from "./server/server.ts";
export type { RunningLogServer } from "./start.ts";
export { start, startCollector } from "./start.ts";
