import { hashOf } from "@jdos/api/release-hash";
import {
  controllerOf,
  controllerReference,
  deepCopy,
  isStatus,
  type KubeObject,
  type Persisted,
  type ResourceType,
} from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { PlatformError } from "../errors.ts";
import { covers } from "./covers.ts";

/** Hash of what an object was rendered as: by it a member that is no longer wanted is noticed. */
const RENDERED_ANNOTATION = "jdos.io/rendered";

export interface ApplyOptions<T extends KubeObject> {
  /** Becomes the controller of the object; an object that another one controls is left alone. */
  owner: Stored<KubeObject>;
  /** Takes over what the server chose and may not change: a Service's address. */
  keep?: (live: Stored<T>, wanted: T) => T;
  /** What is known of it, to spare a read. */
  known?: Stored<T>;
}

/**
 * Makes an object be as it was rendered: creates it, or writes it when it says something else. Returns it as it
 * is now.
 * @throws PlatformError NameTaken when an object of that name belongs to somebody else
 */
export async function apply<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  wanted: T,
  options: ApplyOptions<T>,
): Promise<Stored<T>> {
  const object = stamp(wanted, options.owner);
  const key = { namespace: wanted.metadata?.namespace ?? "", name: wanted.metadata?.name ?? "" };
  const live = options.known ?? (await read(client, type, key));
  if (live === undefined) {
    try {
      return await client.create(type, object);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      return apply(client, type, wanted, { ...options, known: await client.get(type, key) });
    }
  }
  refuseForeign(live, type, options.owner);
  if (isCurrent(live, object)) return live;
  const next = merged(live, options.keep === undefined ? object : options.keep(live, object));
  try {
    return await client.update(type, next);
  } catch (error) {
    // What was known may be behind: it is asked once more here, and then by the next run.
    if (!isStatus(error, "Conflict") || options.known === undefined) throw error;
    const { known: _, ...rest } = options;
    return apply(client, type, wanted, rest);
  }
}

function stamp<T extends KubeObject>(wanted: T, owner: Stored<KubeObject>): T {
  const { metadata, ...content } = wanted;
  return {
    ...wanted,
    metadata: {
      ...metadata,
      annotations: {
        ...metadata?.annotations,
        [RENDERED_ANNOTATION]: hashOf({ ...content, labels: metadata?.labels }).slice(0, 16),
      },
      ownerReferences: [controllerReference(owner)],
    },
  };
}

async function read<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  key: { namespace: string; name: string },
): Promise<Stored<T> | undefined> {
  try {
    return await client.get(type, key);
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

function refuseForeign<T extends KubeObject>(
  live: Stored<T>,
  type: ResourceType<T>,
  owner: Stored<KubeObject>,
): void {
  const { metadata } = live as unknown as Stored<KubeObject>;
  if (controllerOf({ metadata })?.uid === owner.metadata.uid) return;
  throw new PlatformError(
    "NameTaken",
    `Cannot write ${type.kind} "${metadata.name}": one of that name is there and does not belong to ${owner.kind} "${owner.metadata.name}"`,
    {
      hint: `Delete it (kubectl -n ${metadata.namespace ?? ""} delete ${type.resource} ${metadata.name}) or choose another name`,
    },
  );
}

function isCurrent<T extends KubeObject>(live: Stored<T>, wanted: T): boolean {
  const { metadata: liveMeta, ...liveContent } = live as unknown as Persisted<KubeObject>;
  const { metadata: meta, ...content } = wanted as KubeObject;
  return (
    covers(liveMeta.labels ?? {}, meta?.labels ?? {}) &&
    covers(liveMeta.annotations ?? {}, meta?.annotations ?? {}) &&
    covers(liveContent, content)
  );
}

function merged<T extends KubeObject>(live: Stored<T>, wanted: T): T {
  const { metadata } = deepCopy(live as unknown as Persisted<KubeObject>);
  return {
    ...wanted,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, ...wanted.metadata?.labels },
      annotations: { ...metadata.annotations, ...wanted.metadata?.annotations },
      ownerReferences: wanted.metadata?.ownerReferences,
    },
  } as T;
}
