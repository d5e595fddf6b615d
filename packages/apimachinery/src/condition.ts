import { deepEqual } from "./copy.ts";
import type { DeepReadonly } from "./meta.ts";

/** A condition as every Kind's status carries it. */
export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  /** One word in CamelCase, for programs. */
  reason?: string;
  /** A sentence, for people. */
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

/**
 * The list with `next` in its place: lastTransitionTime moves only when the status does, and the same array is
 * returned when nothing changed (so that callers can skip the write).
 */
export function setCondition<C extends Condition>(
  list: DeepReadonly<C[]> | C[] | undefined,
  next: C,
  now: Date,
): C[] {
  const current = (list ?? []) as C[];
  const old = current.find((condition) => condition.type === next.type);
  const time = old !== undefined && old.status === next.status ? old.lastTransitionTime : undefined;
  const merged: C = { ...next, lastTransitionTime: time ?? formatTime(now) };
  if (old === undefined) return [...current, merged];
  if (deepEqual(old, merged)) return current;
  return current.map((condition) => (condition === old ? merged : condition));
}

const NONE: readonly never[] = [];

/** The condition of a type, if the list has it. */
export function findCondition<C extends { readonly type: string }>(
  list: readonly C[] | undefined,
  type: string,
): C | undefined {
  for (const condition of list ?? NONE) if (condition.type === type) return condition;
  return undefined;
}

/** True when the condition is there and its status is "True". */
export function isConditionTrue(
  list: readonly { readonly type: string; readonly status: string }[] | undefined,
  type: string,
): boolean {
  return findCondition(list, type)?.status === "True";
}

/** A Kubernetes Time: RFC 3339, whole seconds, UTC. */
export function formatTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** A Kubernetes MicroTime: RFC 3339 with microseconds, UTC. */
export function formatMicroTime(date: Date): string {
  return `${date.toISOString().slice(0, 23)}000Z`;
}
