import { type CriClient, isCriNotFound } from "../cri/cri-client.ts";
import type { Container, ContainerStatus, Labels, Long, Sandbox, SandboxStatus } from "../cri/types.ts";
import { CONTAINER_HASH, CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID, RESTART_COUNT } from "./labels.ts";
import type { PodRuntime, RuntimeContainer, RuntimeSandbox } from "./pod-runtime.ts";
import { terminationMessage } from "./termination-message.ts";

/** What the runtime holds, kept in memory and read again when something may have changed. */
export interface RuntimeView {
  get(uid: string): PodRuntime | undefined;
  uids(): string[];
  /** Reads one Pod from the runtime. */
  refresh(uid: string): Promise<PodRuntime | undefined>;
  /** Reads everything; returns the uids of Pods whose containers or sandboxes changed. */
  relist(): Promise<string[]>;
  /** The Pod a container or a sandbox belongs to. */
  podOf(id: string): string | undefined;
  /** Says so before the runtime is read again: an exit may come sooner. */
  own(id: string, uid: string): void;
}

/**
 * Details of a container or sandbox change only with its state, so each is asked for once a state: an unchanged
 * world costs two list calls.
 */
export function createRuntimeView(cri: CriClient): RuntimeView {
  const pods = new Map<string, PodRuntime>();
  const containers = new Map<string, { state: string; details: RuntimeContainer }>();
  const sandboxes = new Map<string, { state: string; details: RuntimeSandbox }>();
  const owners = new Map<string, string>();
  /** Reads overlap: what a later one found is never replaced by what an earlier one did. */
  const storedBy = new Map<string, number>();
  let reads = 0;

  async function inspectContainer(item: Container): Promise<RuntimeContainer | undefined> {
    const known = containers.get(item.id);
    if (known?.state === item.state) return known.details;
    try {
      const status = await cri.containerStatus(item.id);
      const message = status.state === "CONTAINER_EXITED" ? await terminationMessage(status) : status.message;
      const details = toContainer(item, { ...status, message });
      containers.set(item.id, { state: details.state, details });
      return details;
    } catch (error) {
      if (isCriNotFound(error)) return undefined;
      throw error;
    }
  }

  async function inspectSandbox(item: Sandbox): Promise<RuntimeSandbox | undefined> {
    const known = sandboxes.get(item.id);
    if (known?.state === item.state) return known.details;
    try {
      const details = toSandbox(await cri.podSandboxStatus(item.id));
      sandboxes.set(item.id, { state: item.state, details });
      return details;
    } catch (error) {
      if (isCriNotFound(error)) return undefined;
      throw error;
    }
  }

  async function assemble(
    uid: string,
    boxes: Sandbox[],
    items: Container[],
  ): Promise<PodRuntime | undefined> {
    const labels = boxes[0]?.labels ?? items[0]?.labels;
    if (labels === undefined) return undefined;
    const [foundBoxes, foundItems] = await Promise.all([
      Promise.all(boxes.map(inspectSandbox)),
      Promise.all(items.map(inspectContainer)),
    ]);
    return {
      uid,
      name: labels[POD_NAME] ?? "",
      namespace: labels[POD_NAMESPACE] ?? "",
      sandboxes: newestFirst(foundBoxes),
      containers: newestFirst(foundItems),
    };
  }

  function store(uid: string, pod: PodRuntime | undefined, read: number): boolean {
    if ((storedBy.get(uid) ?? 0) > read) return false;
    storedBy.set(uid, read);
    const before = signature(pods.get(uid));
    if (pod !== undefined) pods.set(uid, pod);
    else pods.delete(uid);
    for (const item of [...(pod?.containers ?? []), ...(pod?.sandboxes ?? [])]) owners.set(item.id, uid);
    return before !== signature(pod);
  }

  return {
    get: (uid) => pods.get(uid),
    uids: () => [...pods.keys()],
    podOf: (id) => owners.get(id),
    own: (id, uid) => void owners.set(id, uid),
    refresh: async (uid) => {
      const read = ++reads;
      const labelSelector: Labels = { [POD_UID]: uid };
      const [boxes, items] = await Promise.all([
        cri.listPodSandboxes({ labelSelector }),
        cri.listContainers({ labelSelector }),
      ]);
      const pod = await assemble(uid, boxes, items);
      store(uid, pod, read);
      return pods.get(uid);
    },
    relist: async () => {
      const read = ++reads;
      const [allBoxes, allItems] = await Promise.all([cri.listPodSandboxes(), cri.listContainers()]);
      const boxes = Map.groupBy(allBoxes, (item) => item.labels[POD_UID] ?? "");
      const items = Map.groupBy(allItems, (item) => item.labels[POD_UID] ?? "");
      forgetOthers(sandboxes, new Set(allBoxes.map((item) => item.id)));
      forgetOthers(containers, new Set(allItems.map((item) => item.id)));
      const listed = new Set([...allItems, ...allBoxes].map((item) => item.id));
      for (const [id, uid] of owners) if (!listed.has(id) && !pods.has(uid)) owners.delete(id);
      const changed: string[] = [];
      for (const uid of new Set([...pods.keys(), ...boxes.keys(), ...items.keys()])) {
        if (uid === "") continue;
        const pod = await assemble(uid, boxes.get(uid) ?? [], items.get(uid) ?? []);
        if (store(uid, pod, read)) changed.push(uid);
      }
      forgetOthers(storedBy, new Set(pods.keys()));
      return changed;
    },
  };
}

function forgetOthers(map: Map<string, unknown>, keep: ReadonlySet<string>): void {
  for (const key of map.keys()) if (!keep.has(key)) map.delete(key);
}

function newestFirst<T extends { createdAt: number }>(items: (T | undefined)[]): T[] {
  return items.filter((item) => item !== undefined).sort((a, b) => b.createdAt - a.createdAt);
}

function signature(pod: PodRuntime | undefined): string {
  if (pod === undefined) return "";
  const parts = [...pod.sandboxes.map((box) => `${box.id}:${box.ready}`)];
  return [...parts, ...pod.containers.map((container) => `${container.id}:${container.state}`)].join(" ");
}

function toContainer(item: Container, status: ContainerStatus): RuntimeContainer {
  return {
    id: status.id,
    name: status.labels[CONTAINER_NAME] ?? status.metadata.name,
    sandboxId: item.podSandboxId,
    state: status.state,
    restartCount: Number(status.annotations[RESTART_COUNT] ?? status.metadata.attempt),
    hash: status.annotations[CONTAINER_HASH] ?? "",
    createdAt: milliseconds(status.createdAt) ?? 0,
    startedAt: milliseconds(status.startedAt),
    finishedAt: milliseconds(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    image: status.image?.image ?? "",
    imageRef: status.imageRef,
    logPath: status.logPath,
    annotations: status.annotations,
  };
}

function toSandbox(status: SandboxStatus): RuntimeSandbox {
  const { ip = "", additionalIps = [] } = status.network ?? {};
  return {
    id: status.id,
    attempt: status.metadata.attempt,
    ready: status.state === "SANDBOX_READY",
    createdAt: milliseconds(status.createdAt) ?? 0,
    ips: [ip, ...additionalIps.map((item) => item.ip)].filter((address) => address !== ""),
  };
}

function milliseconds(nanoseconds: Long): number | undefined {
  return nanoseconds === "0" || nanoseconds.startsWith("-")
    ? undefined
    : Number(BigInt(nanoseconds) / 1_000_000n);
}
