import { createInformerFactory } from "@jdos/client";
import type { Running } from "@jdos/component-base";
import { createEventRecorder } from "@jdos/controller-runtime";
import { ClusterCache } from "./cache/cluster-cache.ts";
import { followCluster } from "./follow-cluster.ts";
import { plugins } from "./framework/registry.ts";
import { NodeSelector } from "./framework/select-node.ts";
import { createSchedulerMetrics } from "./metrics.ts";
import { readOptions, type SchedulerOptions } from "./options.ts";
import { SchedulingQueue } from "./queue/scheduling-queue.ts";
import { Scheduler } from "./scheduler.ts";

/** Starts the scheduler; resolves when it knows the cluster. */
export async function start(options: SchedulerOptions): Promise<Running> {
  const { client, log, schedulerName, bindConcurrency, retrySeconds, clock, metrics } = readOptions(options);
  const informers = createInformerFactory(client, { log, clock });
  const events = createEventRecorder({ client, component: schedulerName, log, clock });
  const cache = new ClusterCache();
  const queue = new SchedulingQueue({ clock });
  followCluster(informers, { cache, queue, schedulerName });
  informers.start();
  await informers.waitForSync();
  const selector = new NodeSelector(plugins);
  const scheduler = new Scheduler({
    client,
    cache,
    queue,
    selector,
    events,
    clock,
    log,
    metrics: createSchedulerMetrics(queue, metrics),
    bindConcurrency,
  });
  scheduler.wake();
  const retry = setInterval(() => queue.wake(), retrySeconds * 1000);
  retry.unref();
  return {
    async stop() {
      clearInterval(retry);
      await scheduler.stop();
      await informers.stop();
      await events.stop();
    },
  };
}
