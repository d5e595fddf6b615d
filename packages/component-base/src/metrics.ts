import { Counter, Gauge, Histogram, Registry } from "prom-client";

export { Counter, Gauge, Histogram, Registry };

export interface MetricOptions<L extends string> {
  name: string;
  help: string;
  labels?: readonly L[];
}

export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  /** Upper bounds in seconds. Defaults to 1 ms ... 10 s. */
  buckets?: readonly number[];
}

const DEFAULT_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/**
 * The metrics of one component. Asking twice for a name gives the same metric, so a part may be started more than
 * once in a process.
 */
export interface Metrics {
  readonly registry: Registry;
  counter<L extends string = never>(options: MetricOptions<L>): Counter<L>;
  gauge<L extends string = never>(options: MetricOptions<L>): Gauge<L>;
  histogram<L extends string = never>(options: HistogramOptions<L>): Histogram<L>;
  /** The text format that Prometheus reads. */
  text(): Promise<string>;
}

export function createMetrics(registry: Registry = new Registry()): Metrics {
  return {
    registry,
    counter: <L extends string>({ name, help, labels = [] }: MetricOptions<L>) =>
      (registry.getSingleMetric(name) as Counter<L> | undefined) ??
      new Counter<L>({ name, help, labelNames: labels, registers: [registry] }),
    gauge: <L extends string>({ name, help, labels = [] }: MetricOptions<L>) =>
      (registry.getSingleMetric(name) as Gauge<L> | undefined) ??
      new Gauge<L>({ name, help, labelNames: labels, registers: [registry] }),
    histogram: <L extends string>({
      name,
      help,
      labels = [],
      buckets = DEFAULT_BUCKETS,
    }: HistogramOptions<L>) =>
      (registry.getSingleMetric(name) as Histogram<L> | undefined) ??
      new Histogram<L>({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] }),
    text: () => registry.metrics(),
  };
}
