import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { Nodes } from "@jdos/api";
import { isConditionTrue } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { cgroupRoots, containerdConfig, containerdPaths } from "@jdos/component-base";
import { TEST_SANDBOX_IMAGE } from "@jdos/kubelet/testing";
import { kubeletConfig } from "./kubelet-config.ts";
import type { ClusterLayout, NodeLayout } from "./layout.ts";
import { enterNode, startNodeNamespace } from "./node-namespace.ts";
import { createNodeNetwork, writeCniConfig } from "./node-network.ts";
import { kubeconfigOf } from "./pki.ts";
import { Program } from "./program.ts";

const CNI_PROGRAMS = "/usr/lib/cni";

export interface NodeOptions {
  layout: ClusterLayout;
  node: NodeLayout;
  /** Where Kubernetes' programs are. */
  bin: string;
  admin: Client;
}

interface EnteredNode extends NodeOptions {
  /** What the node's programs are started behind. */
  enter: readonly [string, ...string[]];
}

/** Namespaces, directories and configuration of a node. Its programs start in the order returned. */
export async function prepareNode(given: NodeOptions): Promise<Program[]> {
  const { layout, node } = given;
  await createNodeNetwork(layout, node);
  const holder = await startNodeNamespace(layout, node);
  const options = { ...given, enter: enterNode(node, holder) };
  await writeCniConfig(node);
  await mkdir(join(node.directory, "kubelet"), { recursive: true });
  await writeFile(join(node.directory, "kubelet.json"), JSON.stringify(kubeletConfig(layout, node)));
  for (const root of cgroupRoots()) await mkdir(`${root}${node.cgroupParent}`, { recursive: true });
  return [await containerdProgram(options), kubeletProgram(options), proxyProgram(options)];
}

export function containerdOptions(layout: ClusterLayout, node: NodeLayout) {
  return {
    runDir: node.runDir,
    rootDir: join(node.directory, "containerd"),
    sandboxImage: TEST_SANDBOX_IMAGE,
    cniBinDir: CNI_PROGRAMS,
    cniConfDir: join(node.directory, "cni/net.d"),
    registryConfigDir: layout.registries,
  };
}

async function containerdProgram({ layout, node, enter }: EnteredNode): Promise<Program> {
  const options = containerdOptions(layout, node);
  const { configFile, pidFile, socket } = containerdPaths(options);
  for (const directory of [options.runDir, options.rootDir]) await mkdir(directory, { recursive: true });
  await writeFile(configFile, containerdConfig(options));
  return new Program({
    name: `${node.name}/containerd`,
    layout,
    argv: [...enter, "containerd", "--config", configFile],
    pidFile,
    ready: () => answers(socket),
  });
}

/** Ready when its Node is. */
function kubeletProgram({ layout, node, bin, admin, enter }: EnteredNode): Program {
  const { socket } = containerdPaths(containerdOptions(layout, node));
  return new Program({
    name: `${node.name}/kubelet`,
    layout,
    argv: [
      ...enter,
      join(bin, "kubelet"),
      ...["--config", join(node.directory, "kubelet.json"), "--kubeconfig", kubeconfigOf(layout, node.name)],
      ...["--root-dir", join(node.directory, "kubelet"), "--cert-dir", join(node.directory, "kubelet/pki")],
      ...["--container-runtime", "remote", "--container-runtime-endpoint", `unix://${socket}`],
      ...["--hostname-override", node.name, "--node-ip", node.address, "--runtime-cgroups=/"],
      // Its cAdvisor would otherwise ask the machine's own containerd.
      ...["--containerd", socket],
    ],
    env: { ...process.env, AWS_EC2_METADATA_DISABLED: "true" },
    ready: async () =>
      isConditionTrue((await admin.get(Nodes, { name: node.name })).status?.conditions, "Ready"),
  });
}

function proxyProgram({ layout, node, bin, enter }: EnteredNode): Program {
  return new Program({
    name: `${node.name}/kube-proxy`,
    layout,
    argv: [
      ...enter,
      join(bin, "kube-proxy"),
      ...["--kubeconfig", kubeconfigOf(layout, "kube-proxy"), "--hostname-override", node.name],
      ...["--proxy-mode", "iptables", "--cluster-cidr", layout.names.pods.range],
      ...["--conntrack-max-per-core", "0", "--iptables-min-sync-period", "1s"],
      ...["--healthz-bind-address", `${node.address}:10256`],
    ],
    ready: async () => (await fetch(`http://${node.address}:10256/healthz`)).ok,
  });
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const end = (answer: boolean) => {
      connection.destroy();
      resolve(answer);
    };
    connection.once("connect", () => end(true));
    connection.once("error", () => end(false));
  });
}
