/**
 * Git over HTTP, one repository an application, and webhooks of other forges. server.ts takes requests and hands each
 * to the door its path names; main.ts is the process.
 * @module
 */
export { GitServerError, type GitServerErrorCode } from "./errors.ts";
export type { GitServerOptions } from "./options.ts";
export { type GitServer, start } from "./start.ts";
