import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Client } from "@jdos/client";
import { containerdPaths } from "@jdos/component-base";
import { testInstance } from "@jdos/component-base/testing";
import { writeTestImages } from "@jdos/kubelet/testing";
import { buildKubernetes } from "../build/build.ts";
import { cleanCluster } from "./clean-cluster.ts";
import {
  apiServerProgram,
  clientOf,
  controllerManagerProgram,
  etcdProgram,
  schedulerProgram,
} from "./control-plane.ts";
import { dnsProgram } from "./dns.ts";
import { createHostNetwork } from "./host-network.ts";
import { type ClusterLayout, clusterLayout, type NodeLayout, nodeLayout } from "./layout.ts";
import { containerdOptions, prepareNode } from "./node.ts";
import { kubeconfigOf, writePki } from "./pki.ts";
import type { Program } from "./program.ts";
import { installClusterPrograms } from "./programs.ts";
import { registryHost, registryProgram } from "./registry.ts";
import { recordSysctls } from "./sysctls.ts";

export interface ClusterOptions {
  /** Each with containerd, kubelet and kube-proxy in a network namespace of its own. Defaults to 0: no node. */
  nodes?: number;
  /**
   * Controllers and scheduler. Defaults to true; without, Pods need no ServiceAccount, for nobody makes them.
   */
  controllers?: boolean;
  /** The project's name server as the cluster's. Defaults to true with nodes. */
  dns?: boolean;
  /** Allows controllers and scheduler 1,000 requests a second instead of 20 and 50. Defaults to true. */
  raisedQps?: boolean;
  /** More of kube-apiserver's own arguments: APIs and feature gates to switch off. Defaults to none. */
  apiServerArguments?: readonly string[];
  say?(message: string): void;
}

export interface Cluster {
  /** Path of a kubeconfig whose user may do everything. */
  readonly kubeconfig: string;
  readonly layout: ClusterLayout;
  readonly nodes: readonly NodeLayout[];
  /** "HOST:PORT", plain HTTP, no login: for host, nodes and Pods alike. */
  readonly registry: string;
  /** May do everything. */
  readonly client: Client;
  /** "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "registry", "dns", "node-1/kubelet" ... */
  program(name: string): Program;
  /** Gives containerd of each node the images of an OCI archive. */
  importImages(archive: string): Promise<void>;
  /** Ends everything and leaves nothing. */
  stop(): Promise<void>;
}

const run = promisify(execFile);

/**
 * Starts a real Kubernetes 1.20, after removing what a killed test of the same instance left. A start that fails leaves nothing.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { nodes: count = 0, say = () => {} } = options;
  const bin = await buildKubernetes({ say });
  await installClusterPrograms(say);
  const layout = clusterLayout(testInstance());
  await cleanCluster(layout);
  try {
    for (const directory of [layout.pids, layout.logs, layout.registries, layout.names.runDir]) {
      await mkdir(directory, { recursive: true });
    }
    await writePki(layout, count);
    await createHostNetwork(layout);
    return await startPrograms({ ...options, bin, layout, count });
  } catch (error) {
    await cleanCluster(layout);
    throw error;
  }
}

interface StartOptions extends ClusterOptions {
  bin: string;
  layout: ClusterLayout;
  count: number;
}

async function startPrograms({
  bin,
  layout,
  count,
  raisedQps,
  controllers = true,
  dns = count > 0,
  apiServerArguments = [],
}: StartOptions): Promise<Cluster> {
  const programs = new Map<string, Program>();
  const start = async (...wanted: Program[]): Promise<void> => {
    for (const program of wanted) {
      programs.set(program.name, program);
      await program.start();
    }
  };
  const kubeconfig = kubeconfigOf(layout, "admin");
  const admin = await clientOf(kubeconfig);
  const nodes = Array.from({ length: count }, (_, index) => nodeLayout(layout, index + 1));
  const control = {
    layout,
    bin,
    controllers,
    apiServerArguments,
    ...(raisedQps === undefined ? {} : { raisedQps }),
  };
  await start(etcdProgram(layout), apiServerProgram(control, admin));
  if (controllers) await start(controllerManagerProgram(control, admin), schedulerProgram(control));
  if (count > 0) await recordSysctls(layout.sysctls);
  await Promise.all([
    ...(count > 0 ? [start(await registryProgram(layout))] : []),
    ...nodes.map(async (node) => start(...(await prepareNode({ layout, node, bin, admin })))),
    ...(dns ? [start(await dnsProgram(layout, admin))] : []),
  ]);
  const importImages = (archive: string) => importInto(layout, nodes, archive);
  if (count > 0) {
    const archive = join(layout.directory, "test-images.tar");
    await writeTestImages(archive);
    await importImages(archive);
  }
  return {
    kubeconfig,
    layout,
    nodes,
    registry: registryHost(layout),
    client: admin,
    program: (name) => {
      const program = programs.get(name);
      if (program === undefined)
        throw new RangeError(`No program "${name}": ${[...programs.keys()].join(", ")}`);
      return program;
    },
    importImages,
    stop: async () => {
      await admin.close();
      await cleanCluster(layout);
    },
  };
}

async function importInto(
  layout: ClusterLayout,
  nodes: readonly NodeLayout[],
  archive: string,
): Promise<void> {
  await Promise.all(
    nodes.map((node) => {
      const { socket } = containerdPaths(containerdOptions(layout, node));
      return run("ctr", ["--address", socket, "--namespace", "k8s.io", "images", "import", archive]);
    }),
  );
}
