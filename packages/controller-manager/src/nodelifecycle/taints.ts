import type { Node, Taint } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";

/** Conditions of pressure with the taint each brings. */
const PRESSURE: Readonly<Record<string, string>> = {
  MemoryPressure: "node.kubernetes.io/memory-pressure",
  DiskPressure: "node.kubernetes.io/disk-pressure",
  PIDPressure: "node.kubernetes.io/pid-pressure",
  NetworkUnavailable: "node.kubernetes.io/network-unavailable",
};

const MANAGED: ReadonlySet<string> = new Set([NOT_READY, UNREACHABLE, ...Object.values(PRESSURE)]);

/**
 * The node's taints as its conditions ask for; the same array when nothing changes. Only NoSchedule: with the Pods
 * of a node that does not answer nothing is done, for they may well be running.
 */
export function taintsOf(node: Stored<Node>): readonly Readonly<Taint>[] {
  const current = node.spec?.taints ?? [];
  const wanted = new Set<string>();
  const ready = findCondition(node.status?.conditions, "Ready")?.status;
  if (ready === "False") wanted.add(NOT_READY);
  if (ready === "Unknown") wanted.add(UNREACHABLE);
  for (const [type, key] of Object.entries(PRESSURE)) {
    if (findCondition(node.status?.conditions, type)?.status === "True") wanted.add(key);
  }
  const isOurs = ({ key, effect }: Readonly<Taint>): boolean => MANAGED.has(key) && effect === "NoSchedule";
  const present = new Set(current.filter(isOurs).map(({ key }) => key));
  if (present.size === wanted.size && [...wanted].every((key) => present.has(key))) return current;
  const kept = current.filter((taint) => !isOurs(taint) || wanted.has(taint.key));
  const added = [...wanted].filter((key) => !present.has(key)).map((key) => ({ key, effect: "NoSchedule" }));
  return [...kept, ...added];
}
