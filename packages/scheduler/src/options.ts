import type { Client } from "@jdos/client";
import {
  type Clock,
  createMetrics,
  type Logger,
  type Metrics,
  setting,
  systemClock,
} from "@jdos/component-base";
import { SchedulerError } from "./errors.ts";

export interface SchedulerOptions {
  /** An identity with the rights of system:kube-scheduler. */
  client: Client;
  log: Logger;
  /** Pods whose spec.schedulerName says so are ours. Defaults to "default-scheduler". */
  schedulerName?: string;
  /** Bindings under way at the same time. Defaults to 64. */
  bindConcurrency?: number;
  /** Pods without a node are tried again at least this often. Defaults to 60. */
  retrySeconds?: number;
  clock?: Clock;
  /** Where the scheduler's numbers go. Defaults to nowhere. */
  metrics?: Metrics;
}

/** @throws SchedulerError InvalidOption */
export function readOptions({
  client,
  log,
  schedulerName = "default-scheduler",
  bindConcurrency = 64,
  retrySeconds = 60,
  clock = systemClock,
  metrics = createMetrics(),
}: SchedulerOptions): Required<SchedulerOptions> {
  if (!Number.isInteger(bindConcurrency) || bindConcurrency < 1) {
    throw new SchedulerError(
      "InvalidOption",
      `Cannot start scheduler: bindConcurrency is "${bindConcurrency}"`,
      {
        hint: "Give a whole number of at least 1",
      },
    );
  }
  return { client, log, schedulerName, bindConcurrency, retrySeconds, clock, metrics };
}

/** Options of the process: it runs beside the cluster's own scheduler, under another name. */
export const PROCESS_SETTINGS = {
  "scheduler-name": setting.text("Pods with this spec.schedulerName are its own", "jdos-scheduler"),
  "bind-concurrency": setting.integer("bindings under way at the same time", { fallback: 64, min: 1 }),
  "queries-per-second": setting.integer(
    "calls to the API a second on average, twice as many at once; 0: no bound",
    { fallback: 500 },
  ),
};
