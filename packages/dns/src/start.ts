import { createInformerFactory } from "@jdos/client";
import { createHealth, createMetrics, startHealthServer } from "@jdos/component-base";
import { Forwarder } from "./forward/forwarder.ts";
import { watchResolvConf } from "./forward/resolv-conf.ts";
import { countAnswers } from "./metrics.ts";
import type { DnsOptions } from "./options.ts";
import { followCluster } from "./records-from-cluster.ts";
import { Resolver } from "./resolver.ts";
import { listenAt } from "./server/listen.ts";
import { Zone } from "./zone/zone.ts";

export interface RunningDns {
  /** The port it listens on. */
  readonly port: number;
  /** Settles when the records of the cluster are known; until then their names are answered with SERVFAIL. */
  readonly synced: Promise<void>;
  stop(): Promise<void>;
}

/** Starts answering. Settles when the sockets are open, whether or not the API server is there. */
export async function start(options: DnsOptions): Promise<RunningDns> {
  const { client, log, listen, clusterDomain = "cluster.local", ttlSeconds = 5, reverseCidrs = [] } = options;
  const zone = new Zone({ domain: clusterDomain, serverAddress: listen[0]!, reverseCidrs, ttlSeconds });
  const informers = createInformerFactory(client, { log });
  followCluster(informers, zone);

  const { upstreams } = options;
  const fromFile = watchResolvConf(options.resolvConf ?? "/etc/resolv.conf", listen);
  const forwarder = new Forwarder({ upstreams: () => upstreams ?? fromFile(), log });
  const metrics = createMetrics();
  let isSynced = false;
  const resolver = new Resolver({ zone, forwarder, synced: () => isSynced, count: countAnswers(metrics) });

  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.reverse()) await close();
    await informers.stop();
  };
  let { port = 53 } = options;
  try {
    for (const address of listen) {
      const listening = await listenAt({ address, port, resolver, log });
      port = listening.port;
      closers.push(() => listening.close());
    }
    if (options.health !== undefined) {
      const notSynced = (): void => {
        if (!isSynced) throw new Error("Services are not known yet");
      };
      const server = await startHealthServer({
        ...options.health,
        health: createHealth({ ready: { services: notSynced } }),
        metrics,
      });
      closers.push(() => server.stop());
    }
  } catch (error) {
    await stop();
    throw error;
  }
  informers.start();
  const synced = informers.waitForSync().then(() => {
    isSynced = true;
    log.info({ listen, port }, "Answering names of the cluster");
  });
  return { port, synced, stop };
}
