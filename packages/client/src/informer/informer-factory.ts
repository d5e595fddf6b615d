import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import { type Clock, createLogger, type Logger, type Metrics, systemClock } from "@jdos/component-base";
import type { Client } from "../client.ts";
import type { Informer, InformerFactory, InformerOptions } from "../informer-contract.ts";
import { createInformerMetrics } from "./informer-metrics.ts";
import { SharedInformer } from "./shared-informer.ts";

export interface InformerFactoryOptions {
  /** Told of lists and watches that fail. Defaults to one that writes warnings to standard error. */
  log?: Logger;
  clock?: Clock;
  /** Where lists and watches are counted. Defaults to nowhere. */
  metrics?: Metrics;
}

/** Makes informers over one client; the same Kind and selection is listed and watched once. */
export function createInformerFactory(client: Client, options: InformerFactoryOptions = {}): InformerFactory {
  const { log = createLogger({ name: "informer", level: "warn" }), clock = systemClock } = options;
  const metrics = options.metrics && createInformerMetrics(options.metrics);
  const informers = new Map<string, SharedInformer<KubeObject>>();
  let stopped = false;

  function informerFor<T extends KubeObject>(
    type: ResourceType<T>,
    selection: InformerOptions = {},
  ): Informer<T> {
    const { namespace = "", labelSelector = "", fieldSelector = "", resyncSeconds = 0 } = selection;
    const key = JSON.stringify([
      type.group,
      type.version,
      type.resource,
      namespace,
      labelSelector,
      fieldSelector,
      resyncSeconds,
    ]);
    let informer = informers.get(key) as SharedInformer<T> | undefined;
    if (informer === undefined) {
      informer = new SharedInformer<T>({ client, type, selection, clock, log, metrics });
      informers.set(key, informer as unknown as SharedInformer<KubeObject>);
    }
    return informer;
  }

  return {
    for: informerFor,
    start() {
      if (stopped) return;
      for (const informer of informers.values()) informer.start();
    },
    async waitForSync(signal) {
      await Promise.all([...informers.values()].map((informer) => informer.waitForSync(signal)));
    },
    async stop() {
      stopped = true;
      await Promise.all([...informers.values()].map((informer) => informer.stop()));
    },
  };
}
