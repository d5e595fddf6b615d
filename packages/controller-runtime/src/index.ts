/**
 * The reconcile loop. Informers see the world change, name keys, and a work queue hands each key to `reconcile`,
 * which reads the world and fixes it; errors come back with back-off.
 */
export type * from "./contract.ts";
