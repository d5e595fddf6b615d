import { Namespaces } from "@jdos/api";
import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client, ListOptions, NamespacedName, Stored } from "@jdos/client";
import { createShutdown, type Running } from "@jdos/component-base";
import { silentLogger } from "@jdos/component-base/testing";
import { type ControllerOptions, createManager, type Manager } from "@jdos/controller-runtime";
import { type FakeKubeletOptions, startFakeKubelet } from "./fake-kubelet.ts";

export interface TestClusterOptions extends Omit<FakeKubeletOptions, "client"> {
  controllers: readonly ControllerOptions[];
  /** Namespaces to create. */
  namespaces?: readonly string[];
  /** Pods run by themselves. Defaults to true. */
  kubelet?: boolean;
}

export interface TestCluster extends Running {
  readonly client: Client;
  readonly manager: Manager;
  /** Resolves with the first state of the object that satisfies `done`; rejects after 10 seconds. */
  until<T extends KubeObject>(
    type: ResourceType<T>,
    key: NamespacedName,
    done: (object: Stored<T>) => boolean,
  ): Promise<Stored<T>>;
  /** Resolves with the first list of the selected objects that satisfies `done`; rejects after 10 seconds. */
  untilList<T extends KubeObject>(
    type: ResourceType<T>,
    selection: Pick<ListOptions, "namespace" | "labelSelector">,
    done: (objects: readonly Stored<T>[]) => boolean,
  ): Promise<readonly Stored<T>[]>;
  /** Resolves when the object is gone; rejects after 10 seconds. */
  untilGone<T extends KubeObject>(type: ResourceType<T>, key: NamespacedName): Promise<void>;
}

const WAIT_MILLIS = 60_000;

/** A real API server in memory with some controllers, and Pods that run by themselves. */
export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const { controllers, namespaces = [], kubelet = true, becomesReady } = options;
  const log = silentLogger();
  const shutdown = createShutdown({ log });
  const server = await startTestServer();
  shutdown.add("server", server);
  const client = server.adminClient();
  for (const name of namespaces) await client.create(Namespaces, { metadata: { name } });
  const manager = createManager({ client, log });
  for (const controller of controllers) manager.add(controller);
  shutdown.add("manager", manager);
  await manager.start();
  if (kubelet) shutdown.add("kubelet", await startFakeKubelet({ client, becomesReady }));
  return {
    client,
    manager,
    until: (type, key, done) => until(client, { type, key }, done),
    untilList: (type, selection, done) => untilList(client, { type, selection }, done),
    untilGone: (type, key) => untilGone(client, type, key),
    stop: () => shutdown.stop(),
  };
}

interface Target<T extends KubeObject> {
  type: ResourceType<T>;
  key: NamespacedName;
}

async function until<T extends KubeObject>(
  client: Client,
  { type, key }: Target<T>,
  done: (object: Stored<T>) => boolean,
): Promise<Stored<T>> {
  let last: Stored<T> | undefined;
  const signal = AbortSignal.timeout(WAIT_MILLIS);
  for await (const event of await client.watch(type, { namespace: key.namespace, signal })) {
    if (event.type === "BOOKMARK" || event.object.metadata.name !== key.name) continue;
    last = event.object;
    if (event.type !== "DELETED" && done(event.object)) return event.object;
  }
  throw new Error(`Cannot wait for ${type.kind} "${key.name}": not there in time: ${JSON.stringify(last)}`);
}

interface Selected<T extends KubeObject> {
  type: ResourceType<T>;
  selection: Pick<ListOptions, "namespace" | "labelSelector">;
}

async function untilList<T extends KubeObject>(
  client: Client,
  { type, selection }: Selected<T>,
  done: (objects: readonly Stored<T>[]) => boolean,
): Promise<readonly Stored<T>[]> {
  const first = await client.list(type, selection);
  if (done(first.items)) return first.items;
  const { resourceVersion } = first.metadata;
  const signal = AbortSignal.timeout(WAIT_MILLIS);
  for await (const _ of await client.watch(type, { ...selection, resourceVersion, signal })) {
    const { items } = await client.list(type, selection);
    if (done(items)) return items;
  }
  const names = (await client.list(type, selection)).items.map(({ metadata }) => metadata.name);
  throw new Error(`Cannot wait for ${type.resource}: not as expected in time: ${names.join(", ")}`);
}

async function untilGone<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  key: NamespacedName,
): Promise<void> {
  const { items, metadata } = await client.list(type, { namespace: key.namespace });
  if (!items.some((item) => item.metadata.name === key.name)) return;
  const options = {
    namespace: key.namespace,
    resourceVersion: metadata.resourceVersion,
    signal: AbortSignal.timeout(WAIT_MILLIS),
  };
  for await (const event of await client.watch(type, options)) {
    if (event.type === "DELETED" && event.object.metadata.name === key.name) return;
  }
  throw new Error(`Cannot wait for the end of ${type.kind} "${key.name}": still there`);
}
