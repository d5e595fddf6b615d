/**
 * Looks after the directory of JDOS's own registry: takes away what nothing leads to while the registry is pushed to
 * (`sweep.ts`), measures it against its bound, and says in the ConfigMap `registry-storage` whether it is full.
 */
export type { RegistryStorage, RegistryStorageOptions } from "./start.ts";
export { start } from "./start.ts";
