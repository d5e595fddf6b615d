/**
 * Cane, the Pod network of one node: a CNI program (bin/jdos-cni, a shell script) that asks the daemon here over
 * a Unix socket; verbs/ has one function for each verb of the CNI specification; driver/ is how an interface is
 * made; attachment-store.ts remembers who has which address.
 * @module
 */
export type { Attachment, PortMapping } from "./attachment-store.ts";
export type { NetworkDriver } from "./driver/driver.ts";
export { CniError } from "./errors.ts";
export type { CniOptions } from "./options.ts";
export type { RunningCni } from "./start.ts";
export { purge, start } from "./start.ts";
