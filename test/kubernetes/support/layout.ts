import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InstanceNames, instanceNames } from "@jdos/component-base/instance";

/** Every path, port and address of one cluster; all derive from an instance number. */
export interface ClusterLayout {
  readonly names: InstanceNames;
  /** Keys, data, logs and images; removed at the end. */
  readonly directory: string;
  readonly pki: string;
  readonly logs: string;
  readonly pids: string;
  /** What this machine's settings were before. */
  readonly sysctls: string;
  /** Holds HOST/hosts.toml for containerd. */
  readonly registries: string;
  /** The host as nodes and Pods see it: the API server, the registry and the cluster's DNS listen here. */
  readonly host: string;
  readonly ports: {
    readonly api: number;
    readonly etcd: number;
    readonly etcdPeer: number;
    readonly registry: number;
    readonly dns: number;
  };
}

const DIRECTORY_PREFIX = "jdos-kubernetes-";

/** Of all clusters that this machine has or that a killed process left. */
export async function clusterInstances(): Promise<number[]> {
  const names = await readdir(tmpdir());
  return names
    .filter((name) => name.startsWith(DIRECTORY_PREFIX))
    .map((name) => Number(name.slice(DIRECTORY_PREFIX.length)))
    .filter((instance) => Number.isInteger(instance));
}

/** Nodes beyond this have no address in the layout. */
export const MAX_NODES = 9;

export interface NodeLayout {
  readonly name: string;
  /** Of the node, in the network namespace that is its own. */
  readonly address: string;
  readonly netns: string;
  /** The host's end of the node's cable. */
  readonly cable: string;
  readonly podRange: string;
  /** How CNI calls the Pod network. */
  readonly network: string;
  readonly directory: string;
  /** On a tmpfs, short: holds sockets. */
  readonly runDir: string;
  readonly cgroupParent: string;
}

export function clusterLayout(instance: number): ClusterLayout {
  const names = instanceNames(instance);
  const directory = join(tmpdir(), `${DIRECTORY_PREFIX}${instance}`);
  return {
    names,
    directory,
    pki: join(directory, "pki"),
    logs: join(directory, "logs"),
    pids: join(directory, "pids"),
    sysctls: join(directory, "sysctls.json"),
    registries: join(directory, "registries"),
    host: names.pods.gateway,
    ports: {
      api: names.ports.kubernetes,
      etcd: names.ports.kubernetes + 1,
      etcdPeer: names.ports.kubernetes + 2,
      registry: names.ports.registry,
      dns: names.ports.kubernetes + 3,
    },
  };
}

/** The nodes are numbered from 1. */
export function nodeLayout({ names, directory, host }: ClusterLayout, number: number): NodeLayout {
  const prefix = host.split(".").slice(0, 2).join(".");
  const name = `node-${number}`;
  return {
    name,
    address: `${prefix}.0.${10 + number}`,
    netns: `${names.run.netnsPrefix}${name}`,
    cable: `${names.bridge}-k${number}`,
    podRange: `${prefix}.${number}.0/24`,
    network: names.bridge,
    directory: join(directory, name),
    runDir: join(names.runDir, `k${number}`),
    cgroupParent: `${names.cgroupParent}/${name}`,
  };
}
