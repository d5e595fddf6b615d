/**
 * The Kubernetes API as its users see it: the Client (over HTTP here, in process in @jdos/apiserver), informers
 * that keep a Kind in memory, and the work queue that controllers drain.
 */
export type * from "./client.ts";
export { TransportError } from "./errors.ts";
export type * from "./informer-contract.ts";
