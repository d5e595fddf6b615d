import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  APPLICATION_LABEL,
  type Deployment,
  Deployments,
  Ingresses,
  type Pod,
  Pods,
  type ReplicaSet,
  ReplicaSets,
  ROUTED_TO_ANNOTATION,
} from "@jdos/api";
import {
  controllerOf,
  controllerReference,
  deepEqual,
  findCondition,
  formatTime,
  isStatus,
  keyOf,
} from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

const HASH = "pod-template-hash";
const EPOCH = "2026-01-01T00:00:00Z";

export interface SimulationOptions {
  client: Client;
  namespace: string;
  now(): Date;
  /** What is wrong with an image, on a node. */
  trouble(image: string, node: string): "crashes" | "missing" | "hangs" | undefined;
  /** Applications whose load balancer says where routes lead. Defaults to all. */
  tells?: (application: string) => boolean;
  signal: AbortSignal;
}

/**
 * What a cluster does with Deployments, told by their templates alone: ReplicaSets, Pods, containers that are ended and
 * started when their image changes, readiness with its gates, and a load balancer that follows it. Each round moves every
 * object by one step, so that all states between are seen.
 */
export async function simulateWorkloads(options: SimulationOptions): Promise<void> {
  while (!options.signal.aborted) {
    try {
      await round(options);
    } catch (error) {
      if (options.signal.aborted) return;
      if (!isStatus(error, "Conflict", "NotFound", "AlreadyExists")) throw error;
    }
    await sleep(4);
  }
}

async function round(options: SimulationOptions): Promise<void> {
  const { client, namespace, tells = () => true } = options;
  const [deployments, sets, pods, ingresses] = await Promise.all([
    client.list(Deployments, { namespace }),
    client.list(ReplicaSets, { namespace }),
    client.list(Pods, { namespace }),
    client.list(Ingresses, { namespace }),
  ]);
  for (const pod of pods.items) await kubelet(options, pod);
  for (const set of sets.items) await replicaSet(client, set, controlledBy(pods.items, set));
  for (const deployment of deployments.items)
    await deploymentController(client, deployment, controlledBy(sets.items, deployment));
  for (const ingress of ingresses.items.filter(({ metadata }) => tells(metadata.name))) {
    const ready = pods.items.filter(
      (pod) => pod.metadata.labels?.[APPLICATION_LABEL] === ingress.metadata.name && isReady(pod),
    );
    const routed = ready
      .map(({ status }) => status?.podIP)
      .sort()
      .join(",");
    if (ingress.metadata.annotations?.[ROUTED_TO_ANNOTATION] === routed) continue;
    const body = { metadata: { annotations: { [ROUTED_TO_ANNOTATION]: routed } } };
    await client.patch(Ingresses, keyOf(ingress), { type: "merge", body });
  }
}

function controlledBy<T extends { metadata: Stored<Pod>["metadata"] }>(
  objects: readonly T[],
  owner: { readonly metadata: { readonly uid: string } },
): T[] {
  return objects.filter(
    ({ metadata }) =>
      metadata.deletionTimestamp === undefined && controllerOf({ metadata })?.uid === owner.metadata.uid,
  );
}

export function isReady({ status }: Stored<Pod>): boolean {
  return findCondition(status?.conditions, "Ready")?.status === "True";
}

async function deploymentController(
  client: Client,
  deployment: Stored<Deployment>,
  sets: readonly Stored<ReplicaSet>[],
): Promise<void> {
  const { metadata, spec } = deployment;
  const replicas = spec?.replicas ?? 1;
  let current = sets.find((set) => deepEqual(withoutHash(set), withoutHash({ spec })));
  if (current === undefined && spec?.paused !== true) current = await makeSet(client, deployment);
  const active = current ?? sets.find((set) => (set.spec?.replicas ?? 0) > 0);
  if (current !== undefined) {
    const { "deployment.kubernetes.io/revision": _, ...copied } = metadata.annotations ?? {};
    const isKnown = Object.entries(copied).every(
      ([key, value]) => current.metadata.annotations?.[key] === value,
    );
    if (!isKnown)
      await client.patch(ReplicaSets, keyOf(current), {
        type: "merge",
        body: { metadata: { annotations: copied } },
      });
  }
  for (const set of sets) {
    const wanted = set.metadata.uid === active?.metadata.uid ? replicas : 0;
    if (spec?.paused === true && wanted === 0) continue;
    if ((set.spec?.replicas ?? 1) === wanted) continue;
    await client.patch(ReplicaSets, keyOf(set), { type: "merge", body: { spec: { replicas: wanted } } });
  }
  const total = sets.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0);
  const status = {
    observedGeneration: metadata.generation,
    replicas: total,
    updatedReplicas:
      sets.find(({ metadata: { uid } }) => uid === current?.metadata.uid)?.status?.replicas ?? 0,
    readyReplicas: sets.reduce((sum, set) => sum + (set.status?.readyReplicas ?? 0), 0),
    availableReplicas: sets.reduce((sum, set) => sum + (set.status?.readyReplicas ?? 0), 0),
  };
  await say(client, deployment, status);
}

async function makeSet(client: Client, { metadata, spec }: Stored<Deployment>): Promise<Stored<ReplicaSet>> {
  const hash = createHash("sha256").update(JSON.stringify(spec?.template)).digest("hex").slice(0, 10);
  const labels = { ...spec?.template.metadata?.labels, [HASH]: hash };
  return client.create(ReplicaSets, {
    metadata: {
      ...{ name: `${metadata.name}-${hash}`, namespace: metadata.namespace, labels },
      annotations: { ...metadata.annotations },
      ownerReferences: [controllerReference({ apiVersion: "apps/v1", kind: "Deployment", metadata })],
    },
    spec: {
      replicas: spec?.replicas ?? 1,
      selector: { matchLabels: { ...spec?.selector.matchLabels, [HASH]: hash } },
      template: { ...spec?.template, metadata: { labels } } as never,
    },
  });
}

function withoutHash({ spec }: { readonly spec?: Stored<ReplicaSet>["spec"] | Stored<Deployment>["spec"] }) {
  const { [HASH]: _, ...labels } = spec?.template?.metadata?.labels ?? {};
  return { labels, spec: spec?.template?.spec };
}

async function replicaSet(
  client: Client,
  set: Stored<ReplicaSet>,
  pods: readonly Stored<Pod>[],
): Promise<void> {
  const { metadata, spec } = set;
  const wanted = spec?.replicas ?? 1;
  for (let missing = wanted - pods.length; missing > 0; missing--) {
    await client.create(Pods, {
      metadata: {
        ...{ name: `${metadata.name}-${randomUUID().slice(0, 5)}`, namespace: metadata.namespace },
        labels: { ...spec?.template?.metadata?.labels },
        ownerReferences: [controllerReference({ apiVersion: "apps/v1", kind: "ReplicaSet", metadata })],
      },
      spec: { ...spec?.template?.spec, nodeName: "node" } as never,
    });
  }
  const doomed = [...pods].sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
  for (const pod of doomed.slice(0, Math.max(0, pods.length - wanted)))
    await client.delete(Pods, keyOf(pod), { gracePeriodSeconds: 0 });
  const ready = pods.filter(isReady).length;
  await say(client, set, {
    replicas: pods.length,
    readyReplicas: ready,
    observedGeneration: metadata.generation,
  });
}

/** Ends the container of another image in one round, starts the new one in the next, and says it is ready in a third. */
async function kubelet(options: SimulationOptions, pod: Stored<Pod>): Promise<void> {
  if (pod.metadata.deletionTimestamp !== undefined) return;
  const gates = (pod.spec?.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const container = nextContainer(options, pod);
  const isOpen = gates.every((gate) => findCondition(pod.status?.conditions, gate)?.status === "True");
  const condition = (type: string, is: boolean) => {
    const status = is ? "True" : "False";
    const old = findCondition(pod.status?.conditions, type);
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : formatTime(options.now());
    return { type, status, lastTransitionTime };
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => gates.includes(type));
  await say(options.client, pod, {
    phase: "Running",
    podIP: pod.status?.podIP ?? addressOf(pod.metadata.uid),
    containerStatuses: [container],
    conditions: [
      ...others,
      condition("ContainersReady", container.ready),
      condition("Ready", container.ready && isOpen),
    ],
  });
}

function nextContainer({ trouble }: SimulationOptions, pod: Stored<Pod>): { ready: boolean } {
  const { name = "", image = "", securityContext } = pod.spec?.containers[0] ?? {};
  const wrong = trouble(image, pod.spec?.nodeName ?? "");
  const before = pod.status?.containerStatuses?.[0];
  const waits = (reason: string, more: object = {}) => ({
    ...{ name, image: before?.image ?? image, imageID: before?.imageID ?? "", restartCount: 0 },
    ...before,
    ...{ ready: false, state: { waiting: { reason } }, ...more },
  });
  if (before?.state?.running !== undefined) {
    if (before.image !== image) return waits("ContainerCreating");
    if (wrong !== "crashes") return { ...before, ready: true };
    const terminated = {
      exitCode: 1,
      reason: "Error",
      message: "no such mode",
      startedAt: EPOCH,
      finishedAt: EPOCH,
    };
    return waits("CrashLoopBackOff", { lastState: { terminated } });
  }
  if (wrong === "hangs") return waits("ContainerCreating");
  if (wrong === "missing") return waits("ImagePullBackOff");
  if (securityContext?.runAsNonRoot === true && securityContext.runAsUser === 0)
    return waits("CreateContainerConfigError");
  const restartCount = before?.containerID === undefined ? 0 : before.restartCount + 1;
  const state = { running: { startedAt: EPOCH } };
  const containerID = `test://${randomUUID()}`;
  return { ...waits(""), ...{ image, imageID: image, containerID, restartCount, state } };
}

function addressOf(uid: string): string {
  const [a = 0, b = 0] = createHash("sha256").update(uid).digest();
  return `10.1.${a}.${b}`;
}

async function say(
  client: Client,
  object: Stored<Pod> | Stored<ReplicaSet> | Stored<Deployment>,
  status: object,
): Promise<void> {
  const type = [Pods, ReplicaSets, Deployments].find(({ kind }) => kind === object.kind);
  const next = { ...object.status, ...status };
  if (type === undefined || deepEqual(next, { ...object.status })) return;
  const { resourceVersion } = object.metadata;
  await client.patch(
    type as typeof Pods,
    keyOf(object),
    { type: "merge", body: { metadata: { resourceVersion }, status } },
    { subresource: "status" },
  );
}
