import { setTimeout as sleep } from "node:timers/promises";
import { Leases, type Node, Nodes, type Pod, Pods } from "@jdos/api";
import { formatKey, formatMicroTime, formatTime, isStatus, keyOf, parseKey } from "@jdos/apimachinery";
import { type Client, createInformerFactory, createWorkQueue, type Stored } from "@jdos/client";

export interface SimulatedNodesOptions {
  /** Of any API server; needs the rights of system:nodes over all these nodes. */
  client: Client;
  count: number;
  /** Nodes are called PREFIX-0, PREFIX-1 and so on. Defaults to "simulated". */
  prefix?: string;
  /** What each node has. Defaults to 64 CPUs, 256 GiB and 250 Pods. */
  allocatable?: Readonly<Record<string, string>>;
  /** Requests under way at the same time. Defaults to 32. */
  concurrency?: number;
  /** Whether a Pod's containers become ready. Defaults to all. */
  becomesReady?(pod: Stored<Pod>): boolean;
  /** Told of a request that failed and is tried again. Defaults to silence. */
  onError?(error: unknown): void;
}

export interface SimulatedNodes {
  readonly names: readonly string[];
  /** Ends heartbeats and the work on Pods; the objects stay. */
  stop(): Promise<void>;
  /** Deletes the Node and Lease objects. Idempotent. */
  remove(): Promise<void>;
}

const LEASE_NAMESPACE = "kube-node-lease";
/** As a kubelet does by default. */
const LEASE_SECONDS = 10;
const STATUS_SECONDS = 300;
const TICK_SECONDS = 0.5;
const RETRY_MILLIS = 500;
const ALLOCATABLE = { cpu: "64", memory: "256Gi", pods: "250" };

/**
 * Nodes without machines: they are registered and kept alive as kubelets would, Pods bound to them are said to run
 * (with an address of their own), and Pods that are being deleted are let go. One watch and two bounded queues serve
 * all of them, however many there are. Resolves when every node is registered.
 */
export async function startSimulatedNodes(options: SimulatedNodesOptions): Promise<SimulatedNodes> {
  const { client, count, prefix = "simulated", concurrency = 32 } = options;
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const own = new Map(names.map((name, index) => [name, index]));
  const attempt = async (action: () => Promise<unknown>): Promise<boolean> => {
    try {
      await action();
      return true;
    } catch (error) {
      if (isStatus(error, "NotFound", "Conflict")) return true;
      options.onError?.(error);
      return false;
    }
  };

  const registration = createWorkQueue({ concurrency });
  registration.start(async (name) => {
    while (!(await attempt(() => register(client, name, { ...options, index: own.get(name)! }))))
      await sleep(RETRY_MILLIS);
  });
  for (const name of names) registration.add(name);
  await registration.idle();

  const heartbeats = createWorkQueue({ concurrency: Math.max(1, Math.ceil(concurrency / 4)) });
  heartbeats.start(async (key) => {
    const [what, name] = key.split(" ") as [string, string];
    await attempt(() => (what === "lease" ? renewLease(client, name) : renewStatus(client, name)));
  });
  const stopTicking = rotate(names, heartbeats.add.bind(heartbeats));

  const informers = createInformerFactory(client);
  const pods = createWorkQueue({ concurrency });
  const { lister } = informers.for(Pods);
  let addresses = 0;
  pods.start(async (key) => {
    const pod = lister.get(parseKey(key));
    if (pod === undefined || !needsWork(pod)) return;
    const ready = options.becomesReady?.(pod) ?? true;
    const node = own.get(pod.spec!.nodeName!)!;
    const address = addresses++;
    if (!(await attempt(() => serve(client, pod, { ready, node, address })))) pods.retry(key);
  });
  const see = (pod: Stored<Pod>): void => {
    if (own.has(pod.spec?.nodeName ?? "") && needsWork(pod)) pods.add(formatKey(keyOf(pod)));
  };
  informers.for(Pods).addHandlers({ added: see, updated: see });
  informers.start();
  await informers.waitForSync();

  return {
    names,
    async stop() {
      stopTicking();
      await informers.stop();
      await Promise.all([pods.stop(), heartbeats.stop()]);
    },
    async remove() {
      const removal = createWorkQueue({ concurrency });
      removal.start(async (name) => {
        await attempt(() => client.delete(Nodes, { name }));
        await attempt(() => client.delete(Leases, { namespace: LEASE_NAMESPACE, name }));
      });
      for (const name of names) removal.add(name);
      await removal.idle();
    },
  };
}

/** Asks for every node's lease and status in their time, a few nodes at each tick. */
function rotate(names: readonly string[], ask: (key: string) => void): () => void {
  const next = { lease: 0, status: 0 };
  const advance = (what: "lease" | "status", seconds: number): void => {
    const from = next[what];
    next[what] += (names.length * TICK_SECONDS) / seconds;
    for (let index = Math.floor(from); index < Math.floor(next[what]); index++)
      ask(`${what} ${names[index % names.length]}`);
  };
  const timer = setInterval(() => {
    advance("lease", LEASE_SECONDS);
    advance("status", STATUS_SECONDS);
  }, TICK_SECONDS * 1000);
  return () => clearInterval(timer);
}

interface Registration extends Pick<SimulatedNodesOptions, "allocatable"> {
  index: number;
}

async function register(
  client: Client,
  name: string,
  { index, allocatable = ALLOCATABLE }: Registration,
): Promise<void> {
  const labels = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" };
  const status = {
    capacity: allocatable,
    allocatable,
    conditions: nodeConditions(),
    addresses: [{ type: "InternalIP", address: nodeAddress(index) }],
  };
  await createIfMissing(() => client.create(Nodes, { metadata: { name, labels }, status } as Node));
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: formatMicroTime(new Date()) };
  await createIfMissing(() =>
    client.create(Leases, { metadata: { namespace: LEASE_NAMESPACE, name }, spec } as never),
  );
}

async function createIfMissing(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}

function nodeConditions(): object[] {
  const lastHeartbeatTime = formatTime(new Date());
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    lastHeartbeatTime,
  });
  return [
    condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
    condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
    condition("PIDPressure", "False", "KubeletHasSufficientPID"),
    condition("Ready", "True", "KubeletReady"),
  ];
}

function renewLease(client: Client, name: string): Promise<unknown> {
  const body = { spec: { renewTime: formatMicroTime(new Date()) } };
  return client.patch(Leases, { namespace: LEASE_NAMESPACE, name }, { type: "merge", body });
}

function renewStatus(client: Client, name: string): Promise<unknown> {
  const body = { status: { conditions: nodeConditions() } };
  return client.patch(Nodes, { name }, { type: "strategic", body }, { subresource: "status" });
}

function needsWork(pod: Stored<Pod>): boolean {
  return pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === "Pending";
}

interface Serving {
  ready: boolean;
  /** The number of the Pod's node. */
  node: number;
  /** The number of the Pod's address. */
  address: number;
}

/** Takes the one step a Pod needs. */
function serve(client: Client, pod: Stored<Pod>, serving: Serving): Promise<unknown> {
  const { uid } = pod.metadata;
  if (pod.metadata.deletionTimestamp !== undefined)
    return client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 0, preconditions: { uid } });
  const body = { metadata: { uid }, status: runningStatus(pod, serving) };
  return client.patch(Pods, keyOf(pod), { type: "strategic", body }, { subresource: "status" });
}

/** What a kubelet writes of a Pod whose containers run. */
function runningStatus(pod: Stored<Pod>, { ready, node, address }: Serving): object {
  const now = formatTime(new Date());
  const podIP = `10.${192 + ((address >> 16) & 63)}.${(address >> 8) & 255}.${address & 255}`;
  const status = ready ? "True" : "False";
  return {
    phase: "Running",
    hostIP: nodeAddress(node),
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions: [
      { type: "Initialized", status: "True", lastTransitionTime: now },
      { type: "Ready", status, lastTransitionTime: now },
      { type: "ContainersReady", status, lastTransitionTime: now },
    ],
    containerStatuses: pod.spec!.containers.map(({ name, image = "" }) => ({
      name,
      image,
      imageID: image,
      containerID: `simulated://${pod.metadata.uid}/${name}`,
      ready,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
}

function nodeAddress(index: number): string {
  return `172.${16 + ((index >> 16) & 15)}.${(index >> 8) & 255}.${index & 255}`;
}
