import type { Metrics } from "@jdos/component-base";

/** Why a watch ended: by the server and in order, by silence, by what broke or could not be read, or refused. */
export type WatchEnd = "ended" | "silent" | "broken" | "garbled" | "expired" | "refused";

/** What informers measure. */
export interface InformerMetrics {
  listed(resource: string): void;
  watchStarted(resource: string): void;
  watchEnded(resource: string, reason: WatchEnd): void;
}

export function createInformerMetrics(metrics: Metrics): InformerMetrics {
  const lists = metrics.counter({
    name: "reflector_lists_total",
    help: "Lists of a resource that were asked for",
    labels: ["resource"],
  });
  const watches = metrics.counter({
    name: "reflector_watches_total",
    help: "Watches of a resource that were asked for",
    labels: ["resource"],
  });
  const ends = metrics.counter({
    name: "reflector_watch_ends_total",
    help: "Watches of a resource that ended, by reason",
    labels: ["resource", "reason"],
  });
  return {
    listed: (resource) => lists.inc({ resource }),
    watchStarted: (resource) => watches.inc({ resource }),
    watchEnded: (resource, reason) => ends.inc({ resource, reason }),
  };
}
