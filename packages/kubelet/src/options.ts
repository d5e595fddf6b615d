import type { Client } from "@jdos/client";
import type { Clock, Logger, Metrics } from "@jdos/component-base";
import type { RegistryCredential } from "./image/credentials.ts";

export interface KubeletTls {
  /** Certificate and key of the kubelet's own server. */
  readonly certPem: string;
  readonly keyPem: string;
  /** Who signs the certificates of its clients. */
  readonly clientCaPem: string;
  /**
   * Common names of clients that may use all of the server; members of the group system:masters always may, and others
   * what the API server's authorization lets them. Defaults to ["system:kube-apiserver", "kube-apiserver-kubelet-client"].
   */
  readonly allowedUsers?: readonly string[];
}

export interface KubeletOptions {
  /** Acts as system:node:<nodeName> in group system:nodes. */
  client: Client;
  log: Logger;
  nodeName: string;
  /** The Node's InternalIP: where the API server reaches the kubelet, and the address of hostNetwork Pods. */
  nodeAddress: string;
  /** containerd's Unix socket. */
  containerdSocket: string;
  /** Pods' volumes, logs and files. */
  rootDir: string;
  /** Every Pod's cgroup is below it: "/jdos-0". */
  cgroupParent: string;
  /** Addresses of the cluster's DNS; empty: Pods get the host's resolv.conf. */
  clusterDns: readonly string[];
  /** Defaults to "cluster.local". */
  clusterDomain?: string;
  tls: KubeletTls;
  /** Address the server listens on. Defaults to nodeAddress. */
  listenAddress?: string;
  /** Defaults to a free one. */
  port?: number;
  /** The node's own ways into registries, tried after a Pod's imagePullSecrets. */
  registryCredentials?: readonly RegistryCredential[];
  /** Defaults to 110. */
  maxPods?: number;
  /** Labels the Node is registered with, beside the usual ones. */
  nodeLabels?: Readonly<Record<string, string>>;
  /** Logs of containers. Defaults to `${rootDir}/logs`. */
  logDir?: string;
  /** The host's resolv.conf. Defaults to "/etc/resolv.conf". */
  resolvConf?: string;
  /** Percentage of the images' file system above which unused images are removed. Defaults to 85. */
  imageGcHighPercent?: number;
  /** Images the collector never removes, by reference prefix: those that cannot be pulled again. */
  keepImages?: readonly string[];
  /** How often the disk use of Pods with bounds on it is measured. Defaults to 5. */
  storageCheckSeconds?: number;
  /** Processes and threads of a Pod. Defaults to 4096; 0 is no bound. */
  podPidsLimit?: number;
  /** Each Pod is looked at, and its volumes brought up to date, at least this often. Defaults to 60. */
  resyncSeconds?: number;
  metrics?: Metrics;
  clock?: Clock;
}
