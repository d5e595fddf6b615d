/**
 * The Kubernetes HTTP API on SQLite: storage with a watch cache, the generic registry and its verbs, admission,
 * authentication, authorisation, HTTPS. start() runs it; clientFor() of what it returns is the same API without a
 * socket.
 * @module
 */
export { ApiServerError, type ApiServerErrorCode } from "./errors.ts";
export type { ApiServerOptions, ListenAddress } from "./options.ts";
export type { Strategy, Subresource, TableColumn, WriteContext } from "./registry/strategy.ts";
export { type ApiServer, start } from "./start.ts";
