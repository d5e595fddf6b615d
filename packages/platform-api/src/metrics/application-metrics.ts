import {
  type ApplicationMetrics,
  METRIC_NAMES,
  type MetricName,
  type MetricsQuery,
  podSelector,
  ReplicaSets,
} from "@jdos/api";
import type { Client } from "@jdos/client";
import type { Prometheus, RangeOptions } from "@jdos/component-base/prometheus";
import { PlatformError } from "../errors.ts";
import { podsOf } from "../exec/find-pod.ts";
import { asked } from "./ask.ts";
import { cpuByPod, latency, MIN_WINDOW_SECONDS, memoryByPod, requests } from "./expressions.ts";

export interface ApplicationMetricsOptions extends MetricsQuery {
  /** As the person. */
  client: Client;
  prometheus: Prometheus;
  system: string;
  app: string;
  now: Date;
}

const DEFAULT_SECONDS = 3600;
const DEFAULT_POINTS = 60;
const MAX_POINTS = 1000;
const MIN_STEP_SECONDS = 15;

/** What an application used and answered over a time. */
export async function applicationMetrics(options: ApplicationMetricsOptions): Promise<ApplicationMetrics> {
  const { prometheus, system, app, now } = options;
  const range = rangeOf(options);
  const expressions = expressionsFor({ system, app, pods: await podPatterns(options) }, range);
  const series = await asked(
    Promise.all(
      METRIC_NAMES.map(async (metric) => {
        const [one] = await prometheus.queryRange(expressions[metric], range);
        const points = (one?.points ?? []).filter(([, value]) => Number.isFinite(value));
        return { metric, points: points.map(([at, value]): [number, number] => [at, value]) };
      }),
    ),
  );
  return {
    system,
    application: app,
    from: new Date(range.fromSeconds * 1000).toISOString(),
    to: now.toISOString(),
    stepSeconds: range.stepSeconds,
    series,
  };
}

/** Points stand at multiples of the step, so that the same are asked for again. */
function rangeOf({ sinceSeconds = DEFAULT_SECONDS, now, ...given }: ApplicationMetricsOptions): RangeOptions {
  const stepSeconds =
    given.stepSeconds ?? Math.max(MIN_STEP_SECONDS, Math.ceil(sinceSeconds / DEFAULT_POINTS));
  if (sinceSeconds / stepSeconds > MAX_POINTS)
    throw new PlatformError(
      "Invalid",
      `Cannot show ${sinceSeconds} seconds in steps of ${stepSeconds}: more than ${MAX_POINTS} points`,
      {
        field: "stepSeconds",
        hint: `Take steps of at least ${Math.ceil(sinceSeconds / MAX_POINTS)} seconds`,
      },
    );
  const toSeconds = Math.floor(now.getTime() / 1000 / stepSeconds) * stepSeconds;
  return { fromSeconds: toSeconds - sinceSeconds, toSeconds, stepSeconds };
}

/** What a Pod's name is made of before its last word: Kubernetes cuts it there. */
const MAX_BASE = 58;

/**
 * The Pods that an application had, also those that are gone: those of its ReplicaSets, as many as there still are, and
 * those that are there.
 */
async function podPatterns({ client, system, app }: ApplicationMetricsOptions): Promise<string[]> {
  const [sets, pods] = await Promise.all([
    client.list(ReplicaSets, { namespace: system, labelSelector: podSelector(app) }),
    podsOf({ client, system, app }),
  ]);
  const bases = sets.items.map(({ metadata }) => `${metadata.name}-`.slice(0, MAX_BASE));
  const others = pods
    .map(({ metadata }) => metadata.name)
    .filter((name) => !bases.some((base) => name.startsWith(base)));
  return [...bases.map((base) => `${literal(base)}[a-z0-9]+`), ...others.map(literal)];
}

/** Names of Pods may hold dots. */
function literal(name: string): string {
  return name.replaceAll(".", "[.]");
}

interface Subject {
  system: string;
  app: string;
  pods: readonly string[];
}

function expressionsFor(
  { system, app, pods }: Subject,
  { stepSeconds }: RangeOptions,
): Record<MetricName, string> {
  const window = Math.max(stepSeconds, MIN_WINDOW_SECONDS);
  const scope = { system, application: app };
  const memory = memoryByPod({ system, pods });
  const all = requests(scope, window);
  return {
    cpuCores: `sum(${cpuByPod({ system, pods }, window)})`,
    memoryBytes: `sum(${memory})`,
    pods: `count(${memory})`,
    requestsPerSecond: all,
    errorShare: `${requests({ ...scope, code: "5xx" }, window)} / (${all} > 0)`,
    p50Seconds: latency({ ...scope, quantile: 0.5 }, window),
    p99Seconds: latency({ ...scope, quantile: 0.99 }, window),
  };
}
