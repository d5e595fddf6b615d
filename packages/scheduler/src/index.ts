/**
 * Assigns Pods to nodes. Informers keep a cache of nodes and of what is promised on them, and a queue of Pods that
 * want a node; ordered plugins filter and score the nodes; the decision is written through the Pod's binding
 * subresource.
 * @module
 */
export { SchedulerError, type SchedulerErrorCode } from "./errors.ts";
export type { Plugin, Rejection } from "./framework/contract.ts";
export type { SchedulerOptions } from "./options.ts";
export { start } from "./start.ts";
