import { type ConfigMap, ConfigMaps, type Secret, Secrets } from "@jdos/api";
import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import type { ObjectSource } from "../container/object-source.ts";

/** Pods that start together ask for the same objects; an answer serves that long. */
const FRESH_MS = 1000;

interface Kept {
  at: number;
  object: Promise<Stored<KubeObject>>;
}

/** ConfigMaps and Secrets by name, read when they are needed: a node may see only those its Pods refer to. */
export function createObjectSource(client: Client, clock: Clock): ObjectSource {
  const kept = new Map<string, Kept>();
  function get<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    name: string,
  ): Promise<Stored<T>> {
    const now = clock.monotonicMillis();
    for (const [key, item] of kept) if (now - item.at > FRESH_MS) kept.delete(key);
    const key = `${type.resource}/${namespace}/${name}`;
    const known = kept.get(key);
    if (known !== undefined) return known.object as unknown as Promise<Stored<T>>;
    const object = client.get(type, { namespace, name });
    kept.set(key, { at: now, object: object as unknown as Promise<Stored<KubeObject>> });
    object.catch(() => kept.delete(key));
    return object;
  }
  return {
    configMap: (namespace, name) => get<ConfigMap>(ConfigMaps, namespace, name),
    secret: (namespace, name) => get<Secret>(Secrets, namespace, name),
  };
}
