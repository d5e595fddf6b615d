import {
  APPLICATION_LABEL,
  type Application,
  Applications,
  type ApplicationUsage,
  type ApplicationUsageDetail,
  canaryLabel,
  type Pod,
  Pods,
  type PodUsage,
} from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import type { Prometheus, PrometheusSeries } from "@jdos/component-base/prometheus";
import { podsOf } from "../exec/find-pod.ts";
import { isBuildPod, isPodReady } from "../explain/facts.ts";
import { asked } from "./ask.ts";
import {
  cpuByPod,
  latency,
  memoryByPod,
  type PodScope,
  type RequestScope,
  receivedByPod,
  requests,
  sentByPod,
} from "./expressions.ts";

export interface UsageOptions {
  /** As the person: what it is not shown is not asked for. */
  client: Client;
  prometheus: Prometheus;
  system: string;
}

type Values = ReadonlyMap<string, number>;

/** What each application of a system uses. */
export async function systemUsage({ client, prometheus, system }: UsageOptions): Promise<ApplicationUsage[]> {
  const [applications, pods] = await Promise.all([
    client.list(Applications, { namespace: system }),
    client.list(Pods, { namespace: system, labelSelector: APPLICATION_LABEL }),
  ]);
  if (applications.items.length === 0) return [];
  const [resources, traffic] = await asked(
    Promise.all([podResources(prometheus, { system }), requestFigures(prometheus, { system })]),
  );
  return applications.items.map((application) => {
    const own = pods.items.filter((pod) => !isBuildPod(pod) && belongsTo(pod, application));
    return applicationUsage(
      { system, application: application.metadata.name },
      { pods: own, resources, traffic },
    );
  });
}

/** What one application uses, and each of its Pods. */
export async function usageDetail({
  app,
  ...options
}: UsageOptions & { app: string }): Promise<ApplicationUsageDetail> {
  const { client, prometheus, system } = options;
  const pods = await podsOf({ client, system, app });
  const names = pods.map(({ metadata }) => metadata.name);
  const scope: PodScope = { system, pods: names };
  const [resources, traffic, [received, sent]] = await asked(
    Promise.all([
      podResources(prometheus, scope),
      requestFigures(prometheus, { system, application: app }),
      Promise.all([
        valuesOf(prometheus, { expression: receivedByPod(scope), by: "pod" }),
        valuesOf(prometheus, { expression: sentByPod(scope), by: "pod" }),
      ]),
    ]),
  );
  const items = pods.map((pod): PodUsage => {
    const { name } = pod.metadata;
    return {
      pod: name,
      ready: isPodReady(pod),
      ...given("cpuCores", resources.cpu.get(name)),
      ...given("memoryBytes", resources.memory.get(name)),
      ...given("receivedBytesPerSecond", received.get(name)),
      ...given("sentBytesPerSecond", sent.get(name)),
    };
  });
  return { ...applicationUsage({ system, application: app }, { pods, resources, traffic }), items };
}

interface Resources {
  cpu: Values;
  memory: Values;
}

async function podResources(prometheus: Prometheus, scope: PodScope): Promise<Resources> {
  const [cpu, memory] = await Promise.all([
    valuesOf(prometheus, { expression: cpuByPod(scope), by: "pod" }),
    valuesOf(prometheus, { expression: memoryByPod(scope), by: "pod" }),
  ]);
  return { cpu, memory };
}

interface Traffic {
  all: Values;
  failed: Values;
  p50: Values;
  p99: Values;
}

async function requestFigures(prometheus: Prometheus, scope: RequestScope): Promise<Traffic> {
  const of = (expression: string) => valuesOf(prometheus, { expression, by: "application" });
  const [all, failed, p50, p99] = await Promise.all([
    of(requests(scope)),
    of(requests({ ...scope, code: "5xx" })),
    of(latency({ ...scope, quantile: 0.5 })),
    of(latency({ ...scope, quantile: 0.99 })),
  ]);
  return { all, failed, p50, p99 };
}

async function valuesOf(
  prometheus: Prometheus,
  { expression, by }: { expression: string; by: string },
): Promise<Values> {
  const series = await prometheus.query(expression);
  return new Map(series.flatMap((one) => named(one, by)));
}

/** A quantile of nothing is not a number. */
function named({ labels, points }: PrometheusSeries, by: string): [string, number][] {
  const value = points[0]?.[1];
  return value === undefined || !Number.isFinite(value) ? [] : [[labels[by] ?? "", value]];
}

function belongsTo({ metadata }: Stored<Pod>, { metadata: { name } }: Stored<Application>): boolean {
  const label = metadata.labels?.[APPLICATION_LABEL];
  return label === name || label === canaryLabel(name);
}

function applicationUsage(
  names: { system: string; application: string },
  { pods, resources, traffic }: { pods: readonly Stored<Pod>[]; resources: Resources; traffic: Traffic },
): ApplicationUsage {
  const { application } = names;
  const perSecond = traffic.all.get(application);
  const failed = traffic.failed.get(application) ?? 0;
  return {
    ...names,
    pods: pods.filter(({ status }) => status?.phase === "Running").length,
    readyPods: pods.filter(isPodReady).length,
    ...given("cpuCores", sumOver(pods, resources.cpu)),
    ...given("memoryBytes", sumOver(pods, resources.memory)),
    ...given("requestsPerSecond", perSecond),
    ...(perSecond === undefined || perSecond === 0 ? {} : { errorShare: Math.min(1, failed / perSecond) }),
    ...given("p50Seconds", traffic.p50.get(application)),
    ...given("p99Seconds", traffic.p99.get(application)),
  };
}

/** Of the Pods that were measured; undefined when none was. */
function sumOver(pods: readonly Stored<Pod>[], values: Values): number | undefined {
  const measured = pods.flatMap(({ metadata }) => values.get(metadata.name) ?? []);
  return measured.length === 0 ? undefined : measured.reduce((sum, value) => sum + value, 0);
}

function given<K extends string>(key: K, value: number | undefined): { [name in K]?: number } {
  return (value === undefined ? {} : { [key]: value }) as { [name in K]?: number };
}
