/**
 * Hades, the name server of the cluster. server/ takes messages, resolver.ts decides who answers, zone/ holds the
 * records that records-from-cluster.ts makes from Services and EndpointSlices, forward/ asks the host's name
 * servers for the rest, wire/ reads and writes messages. main.ts is the process.
 * @module
 */
export { DnsError } from "./errors.ts";
export type { Upstream } from "./forward/upstream.ts";
export type { DnsConfig, DnsOptions } from "./options.ts";
export { type RunningDns, start } from "./start.ts";
