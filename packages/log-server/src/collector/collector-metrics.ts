import { createMetrics, type Metrics } from "@jdos/component-base";

export function collectorMetrics(metrics: Metrics = createMetrics()) {
  return {
    lines: metrics.counter({ name: "jdos_log_lines_total", help: "Lines that were taken by the log store." }),
    failures: metrics.counter({
      name: "jdos_log_refusals_total",
      help: "Batches that the log store did not take; they are given again.",
    }),
    runs: metrics.gauge({ name: "jdos_log_runs", help: "Runs of containers whose logs lie on this node." }),
  };
}
