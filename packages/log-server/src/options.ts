import type { Client } from "@jdos/client";
import type { Logger, Metrics } from "@jdos/component-base";
import type { ClickHouseAccess } from "@jdos/component-base/clickhouse";
import type { LogKeys } from "./server/server.ts";

/** Where lines are kept. */
export type StoreOptions = {
  /** Lines older than this go. */
  retentionDays: number;
  /** The oldest go when all take more. */
  diskBytes: number;
} & ({ provider: "jdos"; directory: string } | { provider: "clickhouse"; clickhouse: ClickHouseAccess });

export interface CollectOptions {
  /** Lists and watches the Pods of the node. */
  client: Client;
  nodeName: string;
  /** /var/log/pods */
  directory: string;
}

interface CommonOptions {
  log: Logger;
  metrics?: Metrics;
}

/** A log server: keeps and answers; with `collect` it also reads the logs of the machine it runs on. */
export interface LogServerOptions extends CommonOptions {
  store: StoreOptions;
  listen: { host: string; port: number } | { socketPath: string };
  keys: LogKeys;
  collect?: CollectOptions;
}

/** What reads a node's logs for a log server elsewhere. */
export interface LogCollectorOptions extends CommonOptions, CollectOptions {
  /** http://log-server.jdos-system.svc */
  url: string;
  /** That writes. */
  key: string;
}
