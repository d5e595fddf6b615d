import { messageOf } from "@jdos/apimachinery";
import { createShutdown, type Running } from "@jdos/component-base";
import { Collector } from "./collector/collector.ts";
import { followPods } from "./collector/pod-index.ts";
import { RemoteSink } from "./collector/remote-sink.ts";
import type { CollectOptions, LogCollectorOptions, LogServerOptions, StoreOptions } from "./options.ts";
import { startServer } from "./server/server.ts";
import { ClickHouseStore } from "./store/clickhouse/clickhouse-store.ts";
import { SqliteStore } from "./store/sqlite/sqlite-store.ts";
import type { LogSink, LogStore } from "./store/store.ts";

export interface RunningLogServer extends Running {
  /** 0 with a Unix socket. */
  readonly port: number;
  /** @throws why nothing is kept for now */
  check(): Promise<void>;
}

const MAINTAIN_MILLIS = 30_000;

/** Starts to keep and to answer; settles when it listens. */
export async function start(options: LogServerOptions): Promise<RunningLogServer> {
  const { log, metrics, keys, listen, collect } = options;
  const shutdown = createShutdown({ log });
  const store = openStore(options.store);
  shutdown.add("store", () => store.close());
  try {
    const server = await startServer({ store, keys, listen, log });
    shutdown.add("server", server);
    shutdown.add(
      "maintenance",
      keepMaintained(store, (reason) => log.warn({ reason }, "Cannot free old lines")),
    );
    if (collect !== undefined) shutdown.add("collector", collectInto(store, { ...collect, log, metrics }));
    return { port: server.port, check: () => check(store), stop: () => shutdown.stop() };
  } catch (error) {
    await shutdown.stop();
    throw error;
  }
}

/** Starts to read a node's logs for a log server elsewhere. */
export function startCollector({ url, key, ...options }: LogCollectorOptions): Running {
  return collectInto(new RemoteSink({ url, key }), options);
}

export function openStore({ retentionDays, diskBytes, ...where }: StoreOptions): LogStore {
  const retention = { days: retentionDays, diskBytes };
  return where.provider === "jdos"
    ? new SqliteStore({ directory: where.directory, retention })
    : new ClickHouseStore({ ...where.clickhouse, retention });
}

function collectInto(
  sink: LogSink,
  { client, nodeName, directory, log, metrics }: CollectOptions & Pick<LogServerOptions, "log" | "metrics">,
): Running {
  const pods = followPods(client, { nodeName, log });
  const collector = new Collector({ directory, nodeName, pods, sink, log, metrics });
  collector.start();
  return {
    async stop() {
      await collector.stop();
      await pods.stop();
    },
  };
}

async function check(store: LogStore): Promise<void> {
  const { state, message } = await store.status();
  if (state !== "Ok") throw new Error(message);
}

function keepMaintained(store: LogStore, failed: (reason: string) => void): Running {
  let working = Promise.resolve();
  const timer = setInterval(() => {
    working = working.then(() => store.maintain()).catch((error: unknown) => failed(messageOf(error)));
  }, MAINTAIN_MILLIS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}
