/** Instances that can live side by side on one machine: 0 to 59. */
export const MAX_INSTANCE = 59;

export const CLUSTER_DOMAIN = "cluster.local";

/** Every directory that is gone after a reboot lies under here. */
export const RUN_ROOT = "/run/jdos";

export interface InstancePorts {
  /** Console and platform API. */
  readonly platform: number;
  /** The Kubernetes API, TLS. */
  readonly kubernetes: number;
  /** Application traffic, by host name. */
  readonly routes: number;
  readonly registry: number;
}

/** Every host-wide name of one instance. Nothing else on the machine belongs to it. */
export interface InstanceNames {
  readonly instance: number;
  readonly ports: InstancePorts;
  readonly bridge: string;
  /** nftables tables of family inet. */
  readonly tables: { readonly services: string; readonly pods: string };
  readonly pods: {
    /** CIDR the Pods' addresses are taken from. */
    readonly range: string;
    /** The bridge's own address: what Pods see of the host. */
    readonly gateway: string;
    readonly prefixLength: number;
  };
  readonly services: {
    readonly range: string;
    /** Service default/kubernetes. */
    readonly kubernetes: string;
    /** Service kube-system/kube-dns. */
    readonly dns: string;
    /** Service jdos-system/registry. */
    readonly registry: string;
    /** Service jdos-system/prometheus. */
    readonly metrics: string;
  };
  /** Parent of every Pod's cgroup, absolute within each hierarchy. */
  readonly cgroupParent: string;
  readonly runDir: string;
  readonly run: {
    /** containerd's socket, also its CRI. */
    readonly containerdSocket: string;
    readonly containerdState: string;
    /** The CNI daemon's socket. */
    readonly cniSocket: string;
    /** Directory of named network namespaces; each is `<prefix><anything>`. */
    readonly netnsPrefix: string;
    /** Directory of pid files of detached processes. */
    readonly pids: string;
  };
}

/** What instance N is called everywhere on the machine. Pure; throws RangeError outside 0..59. */
export function instanceNames(instance: number): InstanceNames {
  if (!Number.isInteger(instance) || instance < 0 || instance > MAX_INSTANCE) {
    throw new RangeError(`Cannot name the instance: number ${instance}, 0 to ${MAX_INSTANCE} allowed`);
  }
  const runDir = `${RUN_ROOT}/${instance}`;
  const podNet = `10.${64 + instance}`;
  const serviceNet = `10.${128 + instance}`;
  return {
    instance,
    ports: {
      platform: 7080 + 100 * instance,
      kubernetes: 7443 + 100 * instance,
      routes: 8080 + 100 * instance,
      registry: 7500 + 100 * instance,
    },
    bridge: `jdos${instance}`,
    tables: { services: `jdos${instance}-services`, pods: `jdos${instance}-pods` },
    pods: { range: `${podNet}.0.0/16`, gateway: `${podNet}.0.1`, prefixLength: 16 },
    services: {
      range: `${serviceNet}.0.0/16`,
      kubernetes: `${serviceNet}.0.1`,
      dns: `${serviceNet}.0.10`,
      registry: `${serviceNet}.0.20`,
      metrics: `${serviceNet}.0.21`,
    },
    cgroupParent: `/jdos-${instance}`,
    runDir,
    run: {
      containerdSocket: `${runDir}/containerd.sock`,
      containerdState: `${runDir}/containerd`,
      cniSocket: `${runDir}/cni.sock`,
      netnsPrefix: `jdos${instance}-`,
      pids: `${runDir}/pids`,
    },
  };
}
