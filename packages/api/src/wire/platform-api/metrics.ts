/** What is used now; rates are between the last two measurements. What nobody measured is left out, and never zero. */
export interface Usage {
  cpuCores?: number;
  memoryBytes?: number;
  /** Answered by way of the routes. */
  requestsPerSecond?: number;
  /** Of the requests, those answered with 5xx: 0 to 1. Left out while there are no requests. */
  errorShare?: number;
  /** Half of the answers began within it. */
  p50Seconds?: number;
  p99Seconds?: number;
}

/** A row of `jdos top`. */
export interface ApplicationUsage extends Usage {
  system: string;
  application: string;
  /** Pods that run, and those of them that are ready. */
  pods: number;
  readyPods: number;
}

/** A row of `jdos top --app`. */
export interface PodUsage extends Pick<Usage, "cpuCores" | "memoryBytes"> {
  pod: string;
  ready: boolean;
  receivedBytesPerSecond?: number;
  sentBytesPerSecond?: number;
}

/** The application as a whole and each of its Pods. */
export interface ApplicationUsageDetail extends ApplicationUsage {
  items: PodUsage[];
}

export interface MetricsQuery {
  /** How far back. Defaults to 3600; at most 31 days. */
  sinceSeconds?: number;
  /** Between points. Defaults to a sixtieth of the time, and at least 15; at most 1,000 points are told. */
  stepSeconds?: number;
}

export const METRIC_NAMES = [
  "cpuCores",
  "memoryBytes",
  "pods",
  "requestsPerSecond",
  "errorShare",
  "p50Seconds",
  "p99Seconds",
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

export interface MetricSeries {
  metric: MetricName;
  /** [seconds since 1970, value]; moments at which nothing was measured are left out. */
  points: [number, number][];
}

export interface ApplicationMetrics {
  system: string;
  application: string;
  /** RFC 3339. */
  from: string;
  to: string;
  stepSeconds: number;
  /** One of each METRIC_NAMES, in their order. */
  series: MetricSeries[];
}
