import type { Client } from "@jdos/client";
import { type Clock, type Logger, setting } from "@jdos/component-base";

export interface MetricsOptions {
  /** Lists and watches Nodes and Pods. */
  client: Client;
  log: Logger;
  /** Shared with Prometheus, which reads *.json there. */
  directory: string;
  /** Where the platform's own parts are. Defaults to jdos-system. */
  platformNamespace?: string;
  clock?: Clock;
}

/** Options of the process. */
export const PROCESS_SETTINGS = {
  "targets-directory": setting.text("shared with Prometheus at the same path", "/run/jdos/metrics"),
};
