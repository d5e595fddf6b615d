import type { Client } from "@jdos/client";
import type { Logger, Metrics } from "@jdos/component-base";
import type { PlatformConnection } from "./platform/connection.ts";

export interface GitServerOptions {
  /** As the git server itself; a push never uses it. */
  client: Client;
  log: Logger;
  metrics?: Metrics;
  /** Port 0: a free one. */
  listen: { host: string; port: number };
  /** Repositories and deliveries; nothing else writes there. Short: a socket is in it, whose path ends at 108 bytes. */
  dataDirectory: string;
  /** The API for people, where a push acts as the person. */
  platform: PlatformConnection;
  /** PATH of git and curl. */
  path: string;
  /** The platform is asked again for so long. Defaults to 120. */
  patienceSeconds?: number;
  /** Without it the webhooks of other forges are not served. */
  webhooks?: {
    /** Of Secret jdos-system/git-server-keys. */
    masterKey: string;
    /** Before /hooks/<system>/<webhook>: http://git.jdos.localhost:8080 */
    publicUrl: string;
  };
}
