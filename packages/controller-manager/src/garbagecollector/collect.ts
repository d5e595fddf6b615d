import {
  type DeepReadonly,
  isStatus,
  type KubeObject,
  type OwnerReference,
  parseApiVersion,
} from "@jdos/apimachinery";
import type { Client, DeleteOptions, Stored } from "@jdos/client";
import type { DiscoveredResource } from "../discovery/discover-resources.ts";
import type { GraphNode, OwnerGraph } from "./owner-graph.ts";

export const FOREGROUND_FINALIZER = "foregroundDeletion";
export const ORPHAN_FINALIZER = "orphan";

export interface Collection {
  client: Client;
  graph: OwnerGraph;
  /** The resource of an owner reference's Kind; undefined when the server has none. */
  resourceOf(group: string, kind: string): DiscoveredResource | undefined;
  /** Asks for another look at an object. */
  enqueue(uid: string): void;
}

type Standing = "solid" | "dangling" | "waiting";

/** Looks at one object: as an owner that waits for its dependents, and as a dependent whose owners may be gone. */
export async function collect(collection: Collection, uid: string): Promise<void> {
  const node = collection.graph.get(uid);
  if (node === undefined) return;
  if (node.deleting) {
    if (node.finalizers.includes(ORPHAN_FINALIZER)) await orphanDependents(collection, node);
    else if (node.finalizers.includes(FOREGROUND_FINALIZER)) await awaitDependents(collection, node);
    return;
  }
  if (node.owners.length > 0) await weighOwners(collection, node);
}

/** Foreground deletion: the owner goes when no dependent that blocks it is left. */
async function awaitDependents(collection: Collection, node: GraphNode): Promise<void> {
  const blocking = collection.graph
    .dependents(node.uid)
    .filter(({ owners }) =>
      owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion === true),
    );
  if (blocking.length === 0) return dropFinalizer(collection, node, FOREGROUND_FINALIZER);
  for (const dependent of blocking) collection.enqueue(dependent.uid);
}

async function orphanDependents(collection: Collection, node: GraphNode): Promise<void> {
  for (const dependent of collection.graph.dependents(node.uid)) {
    await dropOwners(collection, dependent, new Set([node.uid]));
  }
  await dropFinalizer(collection, node, ORPHAN_FINALIZER);
}

/** Deletes what no living owner holds, and forgets owners that are gone. */
async function weighOwners(collection: Collection, node: GraphNode): Promise<void> {
  const standings = await Promise.all(node.owners.map((owner) => standingOf(collection, node, owner)));
  const lost = node.owners.filter((_, index) => standings[index] !== "solid");
  if (lost.length === 0) return;
  if (lost.length < node.owners.length) {
    await dropOwners(collection, node, new Set(lost.map((owner) => owner.uid)));
    return;
  }
  const foreground = standings.includes("waiting") && collection.graph.dependents(node.uid).length > 0;
  await deleteNode(collection, node, foreground ? "Foreground" : policyOf(node));
}

function policyOf({ finalizers }: GraphNode): NonNullable<DeleteOptions["propagationPolicy"]> {
  if (finalizers.includes(ORPHAN_FINALIZER)) return "Orphan";
  return finalizers.includes(FOREGROUND_FINALIZER) ? "Foreground" : "Background";
}

/** The server is asked, for the graph may lag behind; an owner of an unknown Kind counts as living. */
async function standingOf(
  collection: Collection,
  node: GraphNode,
  owner: DeepReadonly<OwnerReference>,
): Promise<Standing> {
  const known = collection.graph.get(owner.uid);
  if (known !== undefined && !known.deleting) return "solid";
  const type = collection.resourceOf(parseApiVersion(owner.apiVersion).group, owner.kind);
  if (type === undefined || (type.namespaced && !node.type.namespaced)) return "solid";
  const live = await read(collection.client, type, { namespace: node.key.namespace, name: owner.name });
  if (live === undefined || live.metadata.uid !== owner.uid) return "dangling";
  const goes =
    live.metadata.deletionTimestamp !== undefined && live.metadata.finalizers?.includes(FOREGROUND_FINALIZER);
  return goes === true ? "waiting" : "solid";
}

async function read(
  client: Client,
  type: DiscoveredResource,
  { namespace, name }: { namespace: string; name: string },
): Promise<Stored<KubeObject> | undefined> {
  try {
    return await client.get(type, type.namespaced ? { namespace, name } : { name });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

async function deleteNode(
  { client }: Collection,
  node: GraphNode,
  propagationPolicy: DeleteOptions["propagationPolicy"],
): Promise<void> {
  try {
    await client.delete(node.type, node.key, { propagationPolicy, preconditions: { uid: node.uid } });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

async function dropOwners({ client }: Collection, node: GraphNode, uids: ReadonlySet<string>): Promise<void> {
  const rest = node.owners.filter((owner) => !uids.has(owner.uid));
  await patchMetadata(client, node, { ownerReferences: rest.length > 0 ? rest : null });
}

async function dropFinalizer({ client }: Collection, node: GraphNode, finalizer: string): Promise<void> {
  await patchMetadata(client, node, { finalizers: node.finalizers.filter((each) => each !== finalizer) });
}

async function patchMetadata(client: Client, node: GraphNode, change: object): Promise<void> {
  const body = { metadata: { uid: node.uid, resourceVersion: node.resourceVersion, ...change } };
  try {
    await client.patch(node.type, node.key, { type: "merge", body });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
