import {
  type DeepReadonly,
  deepEqual,
  isStatus,
  type KubeObject,
  type ResourceType,
} from "@jdos/apimachinery";
import type { Client } from "@jdos/client";

/** Creates an object, or brings the members given of one that is there to what they should be. */
export async function ensure<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  wanted: T,
): Promise<void> {
  const { name = "", namespace } = wanted.metadata ?? {};
  try {
    const present = await client.get(type, { name, ...(namespace === undefined ? {} : { namespace }) });
    const merged = merge(present as DeepReadonly<KubeObject>, wanted);
    if (!deepEqual(merged, present)) await client.update(type, merged as unknown as T);
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    await client.create(type, wanted);
  }
}

/** Creates an object if its name is free; what is there stays as people made it. */
export async function ensureExists<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  wanted: T,
): Promise<void> {
  try {
    await client.create(type, wanted);
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}

function merge(present: DeepReadonly<KubeObject>, wanted: KubeObject): KubeObject {
  const { metadata: _, ...rest } = wanted as unknown as Record<string, unknown>;
  const { labels, annotations } = wanted.metadata ?? {};
  const metadata = { ...present.metadata };
  if (labels !== undefined) metadata.labels = { ...metadata.labels, ...labels };
  if (annotations !== undefined) metadata.annotations = { ...metadata.annotations, ...annotations };
  return { ...present, ...rest, metadata } as KubeObject;
}
