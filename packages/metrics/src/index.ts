/**
 * Finds what JDOS's own Prometheus scrapes: Debian's knows no service discovery of Kubernetes, so this reads nodes and
 * Pods from the API (`targets.ts`) and writes files that Prometheus follows (`file_sd_configs`).
 * @module
 */
export { MetricsError, type MetricsErrorCode } from "./errors.ts";
export type { MetricsOptions } from "./options.ts";
export { start } from "./start.ts";
