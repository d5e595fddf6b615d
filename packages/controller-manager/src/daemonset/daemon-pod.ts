import type { DaemonSet, Node, Pod, Toleration } from "@jdos/api";
import { matchesNode, tolerates } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { REVISION_LABEL } from "../controllerrevision/revisions.ts";
import { podFromTemplate } from "../pod/pod-from-template.ts";

/** What daemons put up with, unasked. Source: kubernetes.io, DaemonSet, Taints and tolerations. */
const TOLERATIONS: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];
const HOST_NETWORK_TOLERATION: Toleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
};

/** The Pod of a DaemonSet for one node; the scheduler places it there. */
export function daemonPod(set: Stored<DaemonSet>, nodeName: string, revisionHash: string): Pod {
  const pod = podFromTemplate(set, set.spec!.template);
  const spec = pod.spec!;
  pod.metadata!.labels = { ...pod.metadata!.labels, [REVISION_LABEL]: revisionHash };
  spec.tolerations = tolerationsOf(spec);
  const matchFields = [{ key: "metadata.name", operator: "In", values: [nodeName] }];
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = (required?.nodeSelectorTerms ?? [{}]).map((term) => ({ ...term, matchFields }));
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: {
      ...spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
    },
  };
  return pod;
}

function tolerationsOf({
  tolerations = [],
  hostNetwork,
}: {
  readonly tolerations?: readonly Readonly<Toleration>[];
  readonly hostNetwork?: boolean;
}): Toleration[] {
  return [...tolerations, ...TOLERATIONS, ...(hostNetwork === true ? [HOST_NETWORK_TOLERATION] : [])];
}

export interface Fate {
  /** A Pod belongs on the node. */
  shouldRun: boolean;
  /** One that is there already may stay. */
  mayContinue: boolean;
}

export function fateOn(set: Stored<DaemonSet>, node: Stored<Node>): Fate {
  const spec = set.spec!.template.spec!;
  if (!matchesNode(spec, node) || (spec.nodeName && spec.nodeName !== node.metadata.name))
    return { shouldRun: false, mayContinue: false };
  const tolerations = tolerationsOf(spec);
  const intolerable = (node.spec?.taints ?? []).filter((taint) => !tolerates(tolerations, taint));
  return {
    shouldRun: intolerable.every(({ effect }) => effect === "PreferNoSchedule"),
    mayContinue: intolerable.every(({ effect }) => effect !== "NoExecute"),
  };
}

/** The node a daemon Pod is on, or is meant for. */
export function targetNode(pod: Stored<Pod>): string {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    const field = matchFields.find(({ key }) => key === "metadata.name");
    if (field?.values?.[0] !== undefined) return field.values[0];
  }
  return "";
}
