import { hostname } from "node:os";
import { type Node, Nodes } from "@jdos/api";
import { type Condition, deepEqual, formatTime, StatusError, setCondition } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { Clock, Logger } from "@jdos/component-base";
import type { CriClient } from "../cri/cri-client.ts";
import type { Machine } from "./machine.ts";
import { pressureConditions } from "./pressure.ts";

export interface NodeStatusOptions {
  client: Client;
  cri: CriClient;
  clock: Clock;
  log: Logger;
  nodeName: string;
  nodeAddress: string;
  machine: Machine;
  maxPods: number;
  port: number;
  rootDir: string;
  labels: Readonly<Record<string, string>>;
}

export interface NodeStatusUpdater {
  /** Why the Pod network is not ready, if it is not: asked again of the runtime while there is a problem. */
  networkProblem(): Promise<string | undefined>;
  /** Why the node is not ready, as last seen. */
  problem(): string | undefined;
  /** Registers the Node and writes its status. */
  register(): Promise<void>;
  /** Writes the status if it changed, or if it was not written for long. */
  update(): Promise<void>;
  readonly version: string;
}

const REPORT_MS = 300_000;
const MAX_IMAGES = 50;
export const KUBELET_VERSION = "v1.32.0";

export async function createNodeStatusUpdater(options: NodeStatusOptions): Promise<NodeStatusUpdater> {
  const { client, cri, clock, machine, nodeName } = options;
  const { runtimeName, runtimeVersion } = await cri.version();
  let network: string | undefined = "container runtime status check may not have completed yet";
  let runtime: string | undefined;
  let written: Stored<Node> | undefined;
  let writtenAt = 0;

  async function checkRuntime(): Promise<void> {
    try {
      const conditions = await cri.status();
      const problem = (type: string) => {
        const found = conditions.find((item) => item.type === type);
        if (found?.status === true) return undefined;
        return `container runtime ${type === "NetworkReady" ? "network" : "status"} not ready: ${type}=false reason:${found?.reason} message:${found?.message}`;
      };
      runtime = problem("RuntimeReady");
      network = problem("NetworkReady");
    } catch (error) {
      runtime = `container runtime is down: ${(error as Error).message}`;
    }
  }

  function readyCondition(): Condition {
    const problems = [runtime, network].filter((item) => item !== undefined);
    return problems.length === 0
      ? { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
      : { type: "Ready", status: "False", reason: "KubeletNotReady", message: problems.join(", ") };
  }

  async function status(current: Stored<Node>): Promise<object> {
    const now = clock.now();
    let conditions = (current.status?.conditions ?? []) as (Condition & { lastHeartbeatTime?: string })[];
    for (const next of [...pressureConditions(options.rootDir), readyCondition()]) {
      const heartbeat = conditions.find((item) => item.type === next.type)?.lastHeartbeatTime;
      conditions = setCondition(
        conditions,
        { ...next, ...(heartbeat === undefined ? {} : { lastHeartbeatTime: heartbeat }) },
        now,
      );
    }
    const amounts = {
      cpu: String(machine.cpus),
      memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
      pods: String(options.maxPods),
      "ephemeral-storage": `${Math.floor(machine.storageBytes / 1024)}Ki`,
    };
    return {
      capacity: { ...current.status?.capacity, ...amounts },
      allocatable: { ...current.status?.allocatable, ...amounts },
      conditions,
      addresses: [
        { type: "InternalIP", address: options.nodeAddress },
        { type: "Hostname", address: nodeName },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: options.port } },
      nodeInfo: nodeInfo(machine, `${runtimeName}://${runtimeVersion}`),
      images: await images(cri),
    };
  }

  async function ensureNode(): Promise<Stored<Node>> {
    try {
      return await client.get(Nodes, { name: nodeName });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
      const metadata = { name: nodeName, labels: nodeLabels(options) };
      return client.create(Nodes, { apiVersion: "v1", kind: "Node", metadata, spec: {} });
    }
  }

  async function write(force: boolean): Promise<void> {
    await checkRuntime();
    const current = await ensureNode();
    const next = await status(current);
    const before = Object.fromEntries(
      Object.keys(next).map((key) => [key, (current.status as Record<string, unknown> | undefined)?.[key]]),
    );
    const late = clock.monotonicMillis() - writtenAt > REPORT_MS;
    if (!force && !late && deepEqual(before, next)) return;
    const heartbeat = formatTime(clock.now());
    const conditions = (next as { conditions: object[] }).conditions.map((item) => ({
      ...item,
      lastHeartbeatTime: heartbeat,
    }));
    // Lists of a Node that are merged by key must be replaced, or what is gone would stay.
    const body = {
      status: {
        ...next,
        conditions,
        addresses: [{ $patch: "replace" }, ...(next as { addresses: object[] }).addresses],
      },
    };
    written = await client.patch(
      Nodes,
      { name: nodeName },
      { type: "strategic", body },
      { subresource: "status" },
    );
    writtenAt = clock.monotonicMillis();
  }

  return {
    version: `${runtimeName}://${runtimeVersion}`,
    problem: () => runtime ?? network,
    async networkProblem() {
      if (network !== undefined) await checkRuntime();
      return network;
    },
    async register() {
      const node = await ensureNode();
      const labels = nodeLabels(options);
      const missing = Object.entries(labels).some(([key, value]) => node.metadata.labels?.[key] !== value);
      if (missing)
        await client.patch(Nodes, { name: nodeName }, { type: "merge", body: { metadata: { labels } } });
      await write(written === undefined);
    },
    update: () => write(false),
  };
}

function nodeLabels({ machine, nodeName, labels }: NodeStatusOptions): Record<string, string> {
  return {
    "kubernetes.io/hostname": nodeName,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": machine.architecture,
    ...labels,
  };
}

function nodeInfo(machine: Machine, containerRuntimeVersion: string): object {
  return {
    machineID: machine.machineId,
    systemUUID: machine.systemUuid,
    bootID: machine.bootId,
    kernelVersion: machine.kernelVersion,
    osImage: machine.osImage,
    containerRuntimeVersion,
    kubeletVersion: KUBELET_VERSION,
    kubeProxyVersion: KUBELET_VERSION,
    operatingSystem: "linux",
    architecture: machine.architecture,
  };
}

/** The largest images, by every name they have. */
async function images(cri: CriClient): Promise<object[]> {
  const list = await cri.listImages().catch(() => []);
  return list
    .map((image) => ({
      names: [...image.repoDigests, ...image.repoTags].slice(0, 5),
      sizeBytes: Number(image.size),
    }))
    .filter((image) => image.names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || a.names[0]!.localeCompare(b.names[0]!))
    .slice(0, MAX_IMAGES);
}

/** The name a node has when nobody gives it one. */
export function defaultNodeName(): string {
  return hostname().toLowerCase();
}
