/**
 * The HTTP API for people, as packages/platform-api serves it and the command and the console speak it. Every
 * request but `/`, `/healthz` and `/registry/token` carries `Authorization: Bearer <token>`, or the same under PROOF_HEADER. Bodies are JSON;
 * streams are NDJSON, one of the event types below a line; empty lines keep the connection alive, and a StreamError is
 * the last line of one that failed on the way. Every refusal is an ApiError.
 */
export type * from "./platform-api/answers.ts";
export type * from "./platform-api/applications.ts";
export * from "./platform-api/builds.ts";
export * from "./platform-api/deploy.ts";
export type * from "./platform-api/images.ts";
export * from "./platform-api/metrics.ts";
export type * from "./platform-api/observe.ts";
export type * from "./platform-api/releases.ts";
export type * from "./platform-api/rollouts.ts";
export * from "./platform-api/routes.ts";
export type * from "./platform-api/supply-chain.ts";
export type * from "./platform-api/systems.ts";
export * from "./platform-api/upload.ts";
export type * from "./platform-api/webhooks.ts";
