import type { Node, Pod, PodSpec } from "@jdos/api";
import { deepFreeze } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

const persisted = (name: string) => ({
  name,
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
});

export interface NodeSketch {
  cpu?: string;
  memory?: string;
  pods?: string;
  labels?: Record<string, string>;
  taints?: { key: string; value?: string; effect: string }[];
  unschedulable?: boolean;
}

/** A stored Node with 4 CPUs, 8 GiB and room for 110 Pods unless the sketch says otherwise. */
export function node(name: string, sketch: NodeSketch = {}): Stored<Node> {
  const { cpu = "4", memory = "8Gi", pods = "110", labels = {}, taints, unschedulable } = sketch;
  return deepFreeze({
    apiVersion: "v1",
    kind: "Node",
    metadata: { ...persisted(name), labels },
    spec: { taints, unschedulable },
    status: { allocatable: { cpu, memory, pods } },
  });
}

/** A stored Pod in namespace default with one container that requests what is given. */
export function pod(
  name: string,
  requests: Record<string, string> = {},
  spec: Partial<PodSpec> = {},
): Stored<Pod> {
  return deepFreeze({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...persisted(name), namespace: "default" },
    spec: { containers: [{ name: "app", image: "app:1", resources: { requests } }], ...spec },
  });
}
