/**
 * Service addresses on one node. rule-writer.ts follows Services and EndpointSlices; frontend.ts says what a Service
 * opens, endpoints.ts where it leads; service-table.ts turns a change into the smallest nftables transaction, on
 * the table that ruleset.ts lays out.
 * @module
 */
export { ServiceProxyError } from "./errors.ts";
export type { ServiceProxyOptions } from "./options.ts";
export type { RunningServiceProxy } from "./start.ts";
export { purge, start } from "./start.ts";
