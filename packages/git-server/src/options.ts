import type { Client } from "@jdos/client";
import type { Logger, Metrics } from "@jdos/component-base";

export interface GitServerOptions {
  /** As the git server itself; a push never uses it. */
  client: Client;
  log: Logger;
  metrics?: Metrics;
  /** Port 0: a free one. */
  listen: { host: string; port: number };
  /** Repositories and deliveries; nothing else writes there. */
  dataDirectory: string;
}
