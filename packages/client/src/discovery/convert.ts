import type { Content } from "@jdos/api/older-shapes";
import {
  apiVersionOf,
  type DeepReadonly,
  deepFreeze,
  type KubeObject,
  type ResourceType,
} from "@jdos/apimachinery";
import type { Stored, WatchEvent } from "../client.ts";
import { refuseLacking } from "./patch-to-older.ts";
import type { ServedVersion } from "./served-version.ts";

/** What a server answered in its version, in the newest shape. */
export function toNewest<T extends KubeObject>(
  type: ResourceType<T>,
  { shape }: ServedVersion<T>,
  object: Stored<T>,
): Stored<T> {
  if (shape === undefined) return object;
  const newest = shape.fromOlder(object as unknown as Content);
  return deepFreeze({ ...newest, apiVersion: apiVersionOf(type) }) as unknown as Stored<T>;
}

/**
 * An object of the newest shape as the served version takes it.
 * @throws StatusError Invalid when that would lose something
 */
export function toServed<T extends KubeObject>(
  { type, shape }: ServedVersion<T>,
  object: T | DeepReadonly<T> | Stored<T>,
): T {
  if (shape === undefined) return object as T;
  const content = object as unknown as Content;
  refuseLacking(content, { type, shape }, (object as KubeObject).metadata?.name ?? "");
  return { ...shape.toOlder(content), apiVersion: apiVersionOf(type) } as unknown as T;
}

export async function* eventsToNewest<T extends KubeObject>(
  type: ResourceType<T>,
  served: ServedVersion<T>,
  events: AsyncIterable<WatchEvent<T>>,
): AsyncGenerator<WatchEvent<T>> {
  for await (const event of events)
    yield event.type === "BOOKMARK" ? event : { ...event, object: toNewest(type, served, event.object) };
}
