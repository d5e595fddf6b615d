import { APPLICATION_LABEL, type Node, type Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";

/** An entry of a file that Prometheus follows. Source: Prometheus, "Configuration", file_sd_config. */
export interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

export interface Targets {
  kubelets: TargetGroup[];
  /** Parts of the platform. */
  platform: TargetGroup[];
  applications: TargetGroup[];
  /** Applications' Pods that ask for it and are more than MAX_APPLICATION_TARGETS. */
  leftOut: number;
}

export const SCRAPE_ANNOTATION = "prometheus.io/scrape";
export const PORT_ANNOTATION = "prometheus.io/port";
export const PATH_ANNOTATION = "prometheus.io/path";

/** Of one Prometheus. */
export const MAX_APPLICATION_TARGETS = 5000;

export interface World {
  nodes: readonly Stored<Node>[];
  pods: readonly Stored<Pod>[];
  platformNamespace: string;
}

/** What there is to scrape, in an order that stays. */
export function targetsOf({ nodes, pods, platformNamespace }: World): Targets {
  const asking = pods.flatMap((pod) => podTarget(pod) ?? []).sort(byTarget);
  const own = asking.filter(({ labels }) => labels.namespace === platformNamespace);
  const others = asking.filter(({ labels }) => labels.namespace !== platformNamespace);
  return {
    kubelets: nodes.flatMap((node) => kubeletTarget(node) ?? []).sort(byTarget),
    platform: own,
    applications: others.slice(0, MAX_APPLICATION_TARGETS),
    leftOut: Math.max(0, others.length - MAX_APPLICATION_TARGETS),
  };
}

function kubeletTarget({ metadata, status }: Stored<Node>): TargetGroup | undefined {
  const address = status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (address === undefined || port === undefined) return undefined;
  return { targets: [hostPort(address, port)], labels: { node: metadata.name } };
}

/** A Pod that runs and asks for it by the usual annotations, at its own address. */
function podTarget({ metadata, spec, status }: Stored<Pod>): TargetGroup | undefined {
  const annotations = metadata.annotations ?? {};
  if (annotations[SCRAPE_ANNOTATION] !== "true") return undefined;
  if (status?.phase !== "Running" || !status.podIP || metadata.deletionTimestamp !== undefined)
    return undefined;
  const port = portOf(annotations[PORT_ANNOTATION], spec);
  if (port === undefined) return undefined;
  const path = annotations[PATH_ANNOTATION];
  const application = metadata.labels?.[APPLICATION_LABEL];
  return {
    targets: [hostPort(status.podIP, port)],
    labels: {
      namespace: metadata.namespace ?? "",
      pod: metadata.name,
      ...(application === undefined ? {} : { application }),
      ...(path?.startsWith("/") ? { __metrics_path__: path } : {}),
    },
  };
}

/** The one that is named, else the first that a container tells of. */
function portOf(annotation: string | undefined, spec: Stored<Pod>["spec"]): number | undefined {
  if (annotation === undefined) return spec?.containers[0]?.ports?.[0]?.containerPort;
  const port = Number(annotation);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function hostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function byTarget(a: TargetGroup, b: TargetGroup): number {
  return (a.targets[0] ?? "").localeCompare(b.targets[0] ?? "");
}
