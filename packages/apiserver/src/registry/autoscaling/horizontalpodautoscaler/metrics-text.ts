import type { HorizontalPodAutoscaler } from "@jdos/api";
import type { MetricTarget, MetricValueStatus } from "kubernetes-types/autoscaling/v2.d.ts";

type Metric = NonNullable<NonNullable<HorizontalPodAutoscaler["spec"]>["metrics"]>[number];
type Current = NonNullable<NonNullable<HorizontalPodAutoscaler["status"]>["currentMetrics"]>[number];

const SHOWN = 2;

/** "cpu: 12%/80%", at most two metrics. */
export function metricsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const list = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
  const more = list.length > SHOWN ? ` + ${list.length - SHOWN} more...` : "";
  return list.slice(0, SHOWN).join(", ") + more;
}

function metricText(metric: Metric, current: Current | undefined): string {
  switch (metric.type) {
    case "Resource":
      return `${metric.resource?.name}: ${pair(metric.resource?.target, current?.resource?.current)}`;
    case "ContainerResource":
      return `${metric.containerResource?.name}: ${pair(metric.containerResource?.target, current?.containerResource?.current)}`;
    case "Pods":
      return pair(metric.pods?.target, current?.pods?.current);
    case "Object":
      return pair(metric.object?.target, current?.object?.current);
    case "External":
      return pair(metric.external?.target, current?.external?.current);
    default:
      return "<unknown type>";
  }
}

function pair(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageUtilization !== undefined) {
    const now = current?.averageUtilization;
    return `${now === undefined ? "<unknown>" : `${now}%`}/${target.averageUtilization}%`;
  }
  if (target?.averageValue !== undefined)
    return `${current?.averageValue ?? "<unknown>"}/${target.averageValue}`;
  return `${current?.value ?? "<unknown>"}/${target?.value ?? "<auto>"}`;
}
