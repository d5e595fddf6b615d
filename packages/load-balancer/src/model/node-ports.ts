/**
 * Ports of a node that Kubernetes' own parts and etcd listen on: HAProxy on a node's network does not take them while
 * one of these starts anew. Source: kubernetes.io, Ports and Protocols; kube-proxy's and kubelet's configuration.
 */
export const KUBERNETES_PORTS: readonly number[] = [
  2379, 2380, 6443, 10248, 10249, 10250, 10255, 10256, 10257, 10259,
];
