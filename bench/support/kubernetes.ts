import { findKubernetes } from "../../test/kubernetes/build/cache.ts";
import type { ControlPlane } from "./control-plane.ts";

const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/** Whether the real control plane was built here: `npm run test:kubernetes` does. */
export function hasKubernetes(): boolean {
  return findKubernetes() !== undefined;
}

/** The control plane of Kubernetes 1.20.2, with etcd that does not wait for the disk. */
export async function startKubernetes({ raisedQps }: { raisedQps: boolean }): Promise<ControlPlane> {
  const { startCluster } = await import("../../test/kubernetes/support/cluster.ts");
  const cluster = await startCluster({
    nodes: 0,
    raisedQps,
  });
  return {
    name: raisedQps ? "Kubernetes, raised QPS" : "Kubernetes",
    client: cluster.client,
    pids: PROGRAMS.map((name) => cluster.program(name).pid!),
    stop: () => cluster.stop(),
  };
}
