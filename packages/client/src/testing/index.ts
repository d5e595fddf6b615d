/**
 * The promises of Client as a suite that every transport runs.
 * @module
 */
export { type ContractOptions, type ContractSubject, clientContract } from "./contract.ts";
export { informerContract } from "./informer-contract.ts";
export { shapesContract } from "./shapes-contract.ts";
export { type Skips, skippingIt } from "./skips.ts";
