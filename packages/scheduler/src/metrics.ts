import { createMetrics, type Metrics } from "@jdos/component-base";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

export interface SchedulerMetrics {
  attempted(result: "scheduled" | "unschedulable", durationMillis: number): void;
  preempted(victims: number): void;
}

/** The names are those of kube-scheduler. */
export function createSchedulerMetrics(
  queue: SchedulingQueue,
  metrics: Metrics = createMetrics(),
): SchedulerMetrics {
  const attempts = metrics.counter({
    name: "scheduler_schedule_attempts_total",
    help: "Decisions about a Pod, by result",
    labels: ["result"],
  });
  const duration = metrics.histogram({
    name: "scheduler_scheduling_algorithm_duration_seconds",
    help: "Length of one decision",
    buckets: [0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1],
  });
  const victims = metrics.counter({
    name: "scheduler_preemption_victims_total",
    help: "Pods that made room for others",
  });
  const pending = metrics.gauge({
    name: "scheduler_pending_pods",
    help: "Pods that wait, by place",
    labels: ["queue"],
  });
  Object.assign(pending, {
    collect: () => {
      pending.set({ queue: "active" }, queue.activeCount);
      pending.set({ queue: "unschedulable" }, queue.parkedCount);
    },
  });
  return {
    attempted: (result, durationMillis) => {
      attempts.inc({ result });
      duration.observe(durationMillis / 1000);
    },
    preempted: (count) => victims.inc(count),
  };
}
