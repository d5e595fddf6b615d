import type { Pod } from "@jdos/api";
import { type DeepReadonly, parseQuantity } from "@jdos/apimachinery";

type Resources = Readonly<Record<string, string>> | undefined;
const COUNTED = ["cpu", "memory"] as const;

/** Guaranteed, Burstable or BestEffort, from the requests and limits for cpu and memory of all containers. */
export function qosClass(pod: DeepReadonly<Pod>): "Guaranteed" | "Burstable" | "BestEffort" {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const asks = containers.some(({ resources }) => asksFor(resources?.requests) || asksFor(resources?.limits));
  if (!asks) return "BestEffort";
  const exact = containers.every(({ resources }) => isExact(resources?.requests, resources?.limits));
  return exact ? "Guaranteed" : "Burstable";
}

function amount(resources: Resources, name: string): number {
  return parseQuantity(resources?.[name] ?? "0") ?? 0;
}

function asksFor(resources: Resources): boolean {
  return COUNTED.some((name) => amount(resources, name) > 0);
}

function isExact(requests: Resources, limits: Resources): boolean {
  return COUNTED.every((name) => {
    const limit = amount(limits, name);
    return limit > 0 && (requests?.[name] === undefined || amount(requests, name) === limit);
  });
}
