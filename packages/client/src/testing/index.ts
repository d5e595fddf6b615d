/**
 * The promises of Client as a suite that every transport runs.
 * @module
 */
export { type ContractSubject, clientContract } from "./contract.ts";
