import { Applications, Builds, Namespaces, Releases, type System, Systems } from "@jdos/api";
import { isStatus, type KubeObject, parseApiVersion, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { listSystems } from "./applications.ts";
import { namespacedTypes } from "./namespaced-types.ts";

export interface SetFreeOptions {
  signal: AbortSignal;
  say(message: string): void;
}

/**
 * Lets everything that runs go on without the platform: nothing in a System's namespace, nor the namespace, names one
 * of the platform's objects as its owner afterwards, so that no garbage collection takes it along. Controllers must
 * have ended before, or they would take it back. Returns how many Systems there were.
 */
export async function setFree(client: Client, { signal, say }: SetFreeOptions): Promise<number> {
  const systems = await listSystems(client);
  const types = systems.length === 0 ? [] : await namespacedTypes(client);
  for (const system of systems) {
    signal.throwIfAborted();
    say(`system ${system.metadata.name}`);
    await freeNamespace(client, system, types);
  }
  for (const type of [Applications, Builds, Releases, Systems] as const) await dropFinalizers(client, type);
  return systems.length;
}

async function freeNamespace(
  client: Client,
  { metadata }: Stored<System>,
  types: readonly ResourceType[],
): Promise<void> {
  const { name } = metadata;
  for (const type of types) {
    const { items } = await client.list(type, { namespace: name });
    for (const object of items) if (type.group !== "jdos.io") await disown(client, type, object);
  }
  try {
    await disown(client, Namespaces, await client.get(Namespaces, { name }));
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

/** Rights that only the platform's own roles give, and builds under way, go with it. */
function goesAlong({ kind, metadata }: Stored<KubeObject>): boolean {
  const owner = metadata.ownerReferences?.find(isOurs);
  return kind === "RoleBinding" || owner?.kind === "Build";
}

function isOurs({ apiVersion }: { apiVersion: string }): boolean {
  return parseApiVersion(apiVersion).group === "jdos.io";
}

async function disown(client: Client, type: ResourceType, object: Stored<KubeObject>): Promise<void> {
  const { ownerReferences = [], namespace, name, resourceVersion } = object.metadata;
  const left = ownerReferences.filter((reference) => !isOurs(reference));
  if (left.length === ownerReferences.length) return;
  const key = namespace === undefined ? { name } : { namespace, name };
  try {
    if (goesAlong(object)) await client.delete(type, key, { propagationPolicy: "Background" });
    else
      await client.patch(type, key, {
        type: "merge",
        body: { metadata: { ownerReferences: left.length === 0 ? null : left, resourceVersion } },
      });
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    if (!isStatus(error, "Conflict")) throw error;
    await disown(client, type, await client.get(type, key));
  }
}

/** Without controllers nobody would take them off, and their definition could never go. */
async function dropFinalizers(client: Client, type: ResourceType): Promise<void> {
  const { items } = await client.list(type).catch((error) => {
    if (isStatus(error, "NotFound")) return { items: [] };
    throw error;
  });
  for (const { metadata } of items) {
    if ((metadata.finalizers ?? []).length === 0) continue;
    const { namespace, name } = metadata;
    const key = namespace === undefined ? { name } : { namespace, name };
    await client
      .patch(type, key, { type: "merge", body: { metadata: { finalizers: null } } })
      .catch((error) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
  }
}
