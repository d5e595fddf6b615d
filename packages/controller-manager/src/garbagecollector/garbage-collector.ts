import { CustomResourceDefinitions } from "@jdos/api";
import { isStatus, type KubeObject, qualifiedResource } from "@jdos/apimachinery";
import {
  type Client,
  createInformerFactory,
  createWorkQueue,
  type InformerFactory,
  type Stored,
} from "@jdos/client";
import type { Clock, Logger, Running } from "@jdos/component-base";
import { type DiscoveredResource, discoverResources } from "../discovery/discover-resources.ts";
import { collect, FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from "./collect.ts";
import { type GraphNode, OwnerGraph } from "./owner-graph.ts";

export interface GarbageCollectorOptions {
  /** May read, patch and delete every resource. */
  client: Client;
  log: Logger;
  clock: Clock;
  /** Resources are discovered again this often, and whenever a CustomResourceDefinition changes. Defaults to 30. */
  discoverySeconds?: number;
  /** Defaults to 8. */
  concurrency?: number;
}

const SYNC_MILLIS = 10_000;

/** Short-lived and plentiful, owned by nobody. */
const IGNORED = new Set(["events", "events.events.k8s.io"]);

/**
 * Deletes what lost its owners, and carries out foreground and orphan deletion, over every Kind the server has.
 * Source: kubernetes.io, Garbage Collection.
 */
export async function startGarbageCollector(options: GarbageCollectorOptions): Promise<Running> {
  const { client, log, clock, discoverySeconds = 30, concurrency = 8 } = options;
  const graph = new OwnerGraph();
  const queue = createWorkQueue({ concurrency, clock });
  const stopping = new AbortController();
  const followed = new Map<string, InformerFactory>();
  const resources = new Map<string, DiscoveredResource>();
  const enqueue = (uid: string): void => queue.add(uid);
  const resourceOf = (group: string, kind: string) => resources.get(`${group}/${kind}`);

  async function discover(): Promise<void> {
    const found = await discoverResources(client);
    const wanted = new Map(
      found.filter(isFollowed).map((type) => [`${qualifiedResource(type)}/${type.version}`, type]),
    );
    for (const [name, factory] of followed) {
      if (wanted.has(name)) continue;
      followed.delete(name);
      await factory.stop();
    }
    for (const type of wanted.values()) resources.set(`${type.group}/${type.kind}`, type);
    const added = [...wanted].filter(([name]) => !followed.has(name));
    await Promise.all(added.map(([name, type]) => follow(name, type)));
  }

  async function follow(name: string, type: DiscoveredResource): Promise<void> {
    const factory = createInformerFactory(client, { log, clock });
    followed.set(name, factory);
    const see = (object: Stored<KubeObject>): void => {
      const node = graph.put(type, object);
      if (needsLook(node, graph)) enqueue(node.uid);
    };
    factory.for(type).addHandlers({
      added: see,
      updated: see,
      deleted: (object) => forget(object, { graph, enqueue }),
    });
    factory.start();
    await synced(factory, name);
  }

  /** A resource that cannot be listed (its definition went away, say) must not hold up the others. */
  async function synced(factory: InformerFactory, name: string): Promise<void> {
    try {
      await factory.waitForSync(AbortSignal.any([stopping.signal, AbortSignal.timeout(SYNC_MILLIS)]));
    } catch (error) {
      if (!stopping.signal.aborted)
        log.warn({ err: error, resource: name }, "Resource does not answer, going on without");
    }
  }

  const discoverQueue = createWorkQueue({ clock });
  const crds = createInformerFactory(client, { log, clock });
  const rediscover = (): void => discoverQueue.add("all");
  crds
    .for(CustomResourceDefinitions)
    .addHandlers({ added: rediscover, updated: rediscover, deleted: rediscover });
  await discover();
  crds.start();
  discoverQueue.start(async () => {
    try {
      await discover();
      discoverQueue.forget("all");
      discoverQueue.addAfter("all", discoverySeconds * 1000);
    } catch (error) {
      log.warn({ err: error }, "Cannot discover resources, trying again");
      discoverQueue.retry("all");
    }
  });
  queue.start(async (uid) => {
    try {
      await collect({ client, graph, resourceOf, enqueue }, uid);
      queue.forget(uid);
    } catch (error) {
      if (!isStatus(error, "Conflict")) log.warn({ err: error, uid }, "Cannot collect object, trying again");
      queue.retry(uid);
    }
  });
  discoverQueue.addAfter("all", discoverySeconds * 1000);

  return {
    async stop() {
      stopping.abort(new Error("Stopping"));
      await Promise.all([crds.stop(), discoverQueue.stop(), queue.stop()]);
      await Promise.all([...followed.values()].map((factory) => factory.stop()));
    },
  };
}

function isFollowed(type: DiscoveredResource): boolean {
  const verbs = ["list", "watch", "delete"];
  return verbs.every((verb) => type.verbs.includes(verb)) && !IGNORED.has(qualifiedResource(type));
}

/** An owner that waits, or a dependent with an owner that is not known to live. */
function needsLook(node: GraphNode, graph: OwnerGraph): boolean {
  if (node.deleting)
    return node.finalizers.includes(FOREGROUND_FINALIZER) || node.finalizers.includes(ORPHAN_FINALIZER);
  return node.owners.some((owner) => graph.get(owner.uid)?.deleting !== false);
}

function forget(
  object: Stored<KubeObject>,
  { graph, enqueue }: { graph: OwnerGraph; enqueue(uid: string): void },
): void {
  const { uid } = object.metadata;
  const owners = graph.get(uid)?.owners ?? [];
  graph.remove(uid);
  for (const dependent of graph.dependents(uid)) enqueue(dependent.uid);
  for (const owner of owners) if (graph.get(owner.uid)?.deleting === true) enqueue(owner.uid);
}
