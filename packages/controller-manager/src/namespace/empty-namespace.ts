import { isStatus, qualifiedResource } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { DiscoveredResource } from "../discovery/discover-resources.ts";

/** What is still in a namespace after everything in it was told to go. */
export interface Remainder {
  /** How many objects of each resource. */
  readonly counts: ReadonlyMap<string, number>;
  /** How many objects hold each finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
  /** What could not be deleted or looked at. */
  readonly failures: readonly string[];
}

/**
 * Deletes every object of every namespaced resource, and counts what is left. One resource that fails does not keep
 * the others.
 */
export async function emptyNamespace(
  client: Client,
  namespace: string,
  resources: readonly DiscoveredResource[],
): Promise<Remainder> {
  const counts = new Map<string, number>();
  const finalizers = new Map<string, number>();
  const failures: string[] = [];
  for (const resource of resources.filter(isDeletable)) {
    try {
      const left = await emptyResource(client, namespace, resource);
      if (left.length > 0) counts.set(qualifiedResource(resource), left.length);
      for (const finalizer of left.flat()) finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
    } catch (error) {
      failures.push(`${qualifiedResource(resource)}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { counts, finalizers, failures };
}

function isDeletable({ namespaced, verbs }: DiscoveredResource): boolean {
  return namespaced && verbs.includes("list") && verbs.includes("delete");
}

/** The finalizers of each object that is left. */
async function emptyResource(
  client: Client,
  namespace: string,
  resource: DiscoveredResource,
): Promise<string[][]> {
  const before = await listOf(client, namespace, resource);
  if (before.length === 0) return [];
  if (resource.verbs.includes("deletecollection")) {
    await client.deleteCollection(resource, { namespace, propagationPolicy: "Background" });
  } else {
    for (const { metadata } of before) await deleteOne(client, { namespace, name: metadata.name }, resource);
  }
  const after = await listOf(client, namespace, resource);
  return after.map(({ metadata }) => [...(metadata.finalizers ?? [])]);
}

async function listOf(client: Client, namespace: string, resource: DiscoveredResource) {
  try {
    return (await client.list(resource, { namespace })).items;
  } catch (error) {
    // The resource went away with its definition after the discovery.
    if (isStatus(error, "NotFound", "MethodNotAllowed")) return [];
    throw error;
  }
}

async function deleteOne(
  client: Client,
  key: { namespace: string; name: string },
  resource: DiscoveredResource,
): Promise<void> {
  try {
    await client.delete(resource, key, { propagationPolicy: "Background" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
