import type { ApplicationMetrics, MetricName, MetricSeries } from "@jdos/api/platform-api";
import type { CommandContext, Input } from "../command.ts";
import { byteSize, cores, latency, perSecond, share, sparkline } from "../output/measures.ts";
import { type Table, tableOf } from "../output/table.ts";
import { scopeOf } from "../scope.ts";
import { secondsOf } from "./seconds-of.ts";

export async function run(input: Input, context: CommandContext): Promise<ApplicationMetrics> {
  const { since, step } = input.options;
  const query = {
    sinceSeconds: since === undefined ? undefined : secondsOf("since", since),
    stepSeconds: step === undefined ? undefined : secondsOf("step", step),
  };
  return (await context.platform()).call("GET", "metrics", { params: scopeOf(input), query });
}

const SHOWN: Record<MetricName, readonly [string, (value: number) => string | undefined]> = {
  cpuCores: ["CPU", cores],
  memoryBytes: ["MEMORY", byteSize],
  pods: ["PODS", String],
  requestsPerSecond: ["REQUESTS", perSecond],
  errorShare: ["ERRORS", share],
  p50Seconds: ["P50", latency],
  p99Seconds: ["P99", latency],
};

const MAX_COLUMNS = 60;

/** A line a metric: its last and largest value, and how it went. */
export function present({ series, from, to, stepSeconds }: ApplicationMetrics): Table {
  const first = Date.parse(from) / 1000;
  const places = Math.floor((Date.parse(to) / 1000 - first) / stepSeconds) + 1;
  const columns = [
    ["METRIC", ({ metric }: MetricSeries) => SHOWN[metric][0]],
    ["NOW", ({ metric, points }: MetricSeries) => shown(metric, points.at(-1)?.[1])],
    ["MOST", ({ metric, points }: MetricSeries) => shown(metric, most(points))],
    [
      `FROM ${from.slice(0, 16)} TO ${to.slice(11, 16)} UTC`,
      ({ points }: MetricSeries) => sparkline(narrowed(placed(points, { first, stepSeconds, places }))),
    ],
  ] as const;
  return tableOf(series, columns);
}

function shown(metric: MetricName, value: number | undefined): string | undefined {
  return value === undefined ? undefined : SHOWN[metric][1](value);
}

function most(points: MetricSeries["points"]): number | undefined {
  return points.length === 0 ? undefined : Math.max(...points.map(([, value]) => value));
}

interface Places {
  first: number;
  stepSeconds: number;
  places: number;
}

/** One value a step, and none where nothing was measured. */
function placed(
  points: MetricSeries["points"],
  { first, stepSeconds, places }: Places,
): (number | undefined)[] {
  const values = new Array<number | undefined>(places).fill(undefined);
  for (const [at, value] of points) {
    const place = Math.round((at - first) / stepSeconds);
    if (place >= 0 && place < places) values[place] = value;
  }
  return values;
}

/** As wide as a line: where more fall together, the largest is shown. */
function narrowed(values: readonly (number | undefined)[]): (number | undefined)[] {
  const together = Math.ceil(values.length / MAX_COLUMNS);
  return Array.from({ length: Math.ceil(values.length / together) }, (_, column) => {
    const some = values
      .slice(column * together, (column + 1) * together)
      .filter((value) => value !== undefined);
    return some.length === 0 ? undefined : Math.max(...some);
  });
}
