import { isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";

export interface WatchSelection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  signal: AbortSignal;
}

/**
 * The selected objects, whole, now and after each change, until the signal fires. A watch that ends or is too old is
 * opened again from a new list.
 */
export async function* watchObjects<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  selection: WatchSelection,
): AsyncGenerator<readonly Stored<T>[]> {
  const { signal } = selection;
  while (!signal.aborted) {
    const list = await client.list(type, selection);
    const objects = new Map(list.items.map((item) => [item.metadata.uid, item]));
    yield [...objects.values()];
    try {
      const events = await client.watch(type, {
        ...selection,
        resourceVersion: list.metadata.resourceVersion,
      });
      for await (const event of events) {
        if (event.type === "BOOKMARK") continue;
        if (event.type === "DELETED") objects.delete(event.object.metadata.uid);
        else objects.set(event.object.metadata.uid, event.object);
        yield [...objects.values()];
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isStatus(error, "Expired")) throw error;
    }
  }
}
