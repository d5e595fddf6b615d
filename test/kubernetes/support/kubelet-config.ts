import { join } from "node:path";
import type { ClusterLayout, NodeLayout } from "./layout.ts";

/**
 * A KubeletConfiguration in which a small, shared machine is enough: Pods are not evicted before the disk is full,
 * images that no registry could give back are kept, the node's state is told each second.
 */
export function kubeletConfig(layout: ClusterLayout, node: NodeLayout): object {
  const pki = (file: string) => join(layout.pki, file);
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    cgroupDriver: "cgroupfs",
    cgroupRoot: node.cgroupParent,
    failSwapOn: false,
    nodeStatusUpdateFrequency: "1s",
    maxPods: 250,
    // As one machine's kubelet has it: a build may do no more.
    podPidsLimit: 4096,
    address: node.address,
    healthzPort: 0,
    readOnlyPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: pki(`${node.name}-server.crt`),
    tlsPrivateKeyFile: pki(`${node.name}-server.key`),
    clusterDomain: "cluster.local",
    clusterDNS: [layout.names.services.dns],
    resolvConf: "/etc/resolv.conf",
    serializeImagePulls: false,
    registryPullQPS: 0,
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "1%",
      "imagefs.available": "1%",
      "nodefs.inodesFree": "1%",
    },
    eventRecordQPS: 50,
    kubeAPIQPS: 50,
    kubeAPIBurst: 100,
  };
}
