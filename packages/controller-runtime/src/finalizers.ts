import { isStatus, type KubeObject, keyOf, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

/** True when the object carries the finalizer. */
export function hasFinalizer(object: Stored<KubeObject>, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) === true;
}

/** The object with the finalizer; written only when it is missing. Throws StatusError Conflict when it is stale. */
export async function addFinalizer<T extends KubeObject>(
  client: Client,
  { type, object, finalizer }: FinalizerOptions<T>,
): Promise<Stored<T>> {
  if (hasFinalizer(object, finalizer)) return object;
  return writeFinalizers(client, { type, object }, [...(object.metadata.finalizers ?? []), finalizer]);
}

/** Takes the finalizer away; an object that is gone is fine. Throws StatusError Conflict when it is stale. */
export async function removeFinalizer<T extends KubeObject>(
  client: Client,
  { type, object, finalizer }: FinalizerOptions<T>,
): Promise<void> {
  if (!hasFinalizer(object, finalizer)) return;
  const rest = object.metadata.finalizers!.filter((each) => each !== finalizer);
  try {
    await writeFinalizers(client, { type, object }, rest);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

export interface FinalizerOptions<T extends KubeObject> {
  type: ResourceType<T>;
  object: Stored<T>;
  finalizer: string;
}

function writeFinalizers<T extends KubeObject>(
  client: Client,
  { type, object }: { type: ResourceType<T>; object: Stored<T> },
  finalizers: readonly string[],
): Promise<Stored<T>> {
  const { uid, resourceVersion } = object.metadata;
  const body = { metadata: { uid, resourceVersion, finalizers } };
  return client.patch(type, keyOf(object), { type: "merge", body });
}
