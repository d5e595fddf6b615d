import type { WorkQueue } from "@jdos/client";
import { createMetrics, type Metrics } from "@jdos/component-base";

/** What controllers measure; the names are those of the Go controller-runtime. */
export interface ControllerMetrics {
  observe(controller: string, result: "success" | "error", durationMillis: number): void;
  /** Reads the queue's depth when the metrics are read. */
  watchQueue(controller: string, queue: Pick<WorkQueue, "length" | "active">): void;
}

export function createControllerMetrics(metrics: Metrics = createMetrics()): ControllerMetrics {
  const total = metrics.counter({
    name: "controller_runtime_reconcile_total",
    help: "Reconciliations by controller and result",
    labels: ["controller", "result"],
  });
  const seconds = metrics.histogram({
    name: "controller_runtime_reconcile_time_seconds",
    help: "Length of a reconciliation by controller",
    labels: ["controller"],
  });
  const depth = metrics.gauge({
    name: "workqueue_depth",
    help: "Keys that wait, by controller",
    labels: ["name"],
  });
  const queues = new Map<string, Pick<WorkQueue, "length" | "active">>();
  Object.assign(depth, {
    collect: () => {
      for (const [name, queue] of queues) depth.set({ name }, queue.length);
    },
  });
  return {
    observe: (controller, result, durationMillis) => {
      total.inc({ controller, result });
      seconds.observe({ controller }, durationMillis / 1000);
    },
    watchQueue: (controller, queue) => void queues.set(controller, queue),
  };
}
