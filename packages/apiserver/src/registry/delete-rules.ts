import { deepCopy, formatTime, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import type { Incoming } from "./metadata.ts";

export type PropagationPolicy = "Orphan" | "Background" | "Foreground";

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/** The finalizers that make the garbage collector carry out a propagation policy. */
export function finalizersFor(
  current: readonly string[] | undefined,
  policy: PropagationPolicy | undefined,
): string[] {
  const present = current ?? [];
  if (policy === undefined) return [...present];
  const others = present.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (policy === "Orphan") return [...others, ORPHAN];
  return policy === "Foreground" ? [...others, FOREGROUND] : others;
}

/** True when an object that is being deleted holds nothing more: no finalizers, no grace period. */
export function mayVanish(type: ResourceType, object: KubeObject): boolean {
  const metadata = object.metadata!;
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers?.length ?? 0) > 0) return false;
  if ((metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  return !holdsNamespace(type, object);
}

/** A Namespace stays until what is in it is gone: spec.finalizers. */
export function holdsNamespace(type: ResourceType, object: KubeObject): boolean {
  if (type.group !== "" || type.resource !== "namespaces") return false;
  return ((object as { spec?: { finalizers?: readonly string[] } }).spec?.finalizers?.length ?? 0) > 0;
}

/** The object marked as being deleted, in at most `graceSeconds`; undefined when it is so marked already. */
export function markDeleted(
  type: ResourceType,
  current: StoredObject,
  by: { graceSeconds: number; finalizers: string[]; now: Date },
): Incoming | undefined {
  const { metadata: old } = current;
  const known = old.deletionTimestamp !== undefined;
  const shorter = known && by.graceSeconds < (old.deletionGracePeriodSeconds ?? 0);
  const sameFinalizers = by.finalizers.join() === (old.finalizers ?? []).join();
  if (known && !shorter && sameFinalizers) return undefined;
  const object = deepCopy(current) as unknown as Incoming;
  if (!known || shorter) {
    object.metadata.deletionTimestamp = formatTime(new Date(by.now.getTime() + by.graceSeconds * 1000));
    object.metadata.deletionGracePeriodSeconds = by.graceSeconds;
  }
  if (!known && (old.generation ?? 0) > 0) object.metadata.generation = old.generation! + 1;
  if (by.finalizers.length > 0) object.metadata.finalizers = by.finalizers;
  else delete object.metadata.finalizers;
  if (holdsNamespace(type, object)) setTerminating(object);
  return object;
}

function setTerminating(object: KubeObject): void {
  const namespace = object as { status?: { phase?: string } };
  namespace.status = { ...namespace.status, phase: "Terminating" };
}
