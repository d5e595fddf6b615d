import type { ObjectMeta as KubernetesObjectMeta, OwnerReference } from "kubernetes-types/meta/v1.d.ts";

/** metadata.* of an object, with every field writable (what a client may not change is the server's to say). */
export type ObjectMeta = { -readonly [K in keyof KubernetesObjectMeta]: KubernetesObjectMeta[K] };
export type { OwnerReference };

/** The least an object has. Every Kind's type is assignable to it. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** What the server adds to metadata when it stores an object. */
export interface PersistedMeta extends ObjectMeta {
  name: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
}

/** An object as the API returns it: typed, named and versioned. */
export type Persisted<T extends KubeObject> = Omit<T, "apiVersion" | "kind" | "metadata"> & {
  apiVersion: string;
  kind: string;
  metadata: PersistedMeta;
};

/** Deeply read-only: what a client, an informer or a store hands out is frozen and shared. */
export type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** Names one object. `namespace` is "" for a cluster-wide Kind. */
export interface ObjectKey {
  namespace: string;
  name: string;
}

/** The key of a stored object. */
export function keyOf(object: {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}): ObjectKey {
  return { namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

/** "namespace/name", or "name" for a cluster-wide object: the form work queues and logs use. */
export function formatKey(key: ObjectKey): string {
  return key.namespace === "" ? key.name : `${key.namespace}/${key.name}`;
}

/** Reads what formatKey() wrote. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf("/");
  return slash < 0
    ? { namespace: "", name: text }
    : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

interface Owned {
  readonly metadata: { readonly ownerReferences?: readonly DeepReadonly<OwnerReference>[] };
}

/** The owner reference marked as controller, if there is one. */
export function controllerOf(object: Owned): DeepReadonly<OwnerReference> | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** An owner reference from a child to the controller that made it; deletion of the owner waits for the child. */
export function controllerReference(owner: DeepReadonly<Persisted<KubeObject>>): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
