import type { Container, Pod } from "@jdos/api";
import { bytes, cpuMillis, type DeepReadonly, parseQuantity } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";

/** What a Pod asks for, or what a node has: cpu in millis, memory and ephemeral storage in bytes. */
export interface Resources {
  cpuMillis: number;
  memoryBytes: number;
  ephemeralBytes: number;
  /** Extended resources by their full name: example.com/gpu. */
  extended: Record<string, number>;
}

type Quantities = Readonly<Record<string, string>> | undefined;

export function noResources(): Resources {
  return { cpuMillis: 0, memoryBytes: 0, ephemeralBytes: 0, extended: {} };
}

export function readResources(quantities: Quantities): Resources {
  const result = noResources();
  for (const [name, quantity] of Object.entries(quantities ?? {})) {
    if (name === "cpu") result.cpuMillis = cpuMillis(quantity);
    else if (name === "memory") result.memoryBytes = bytes(quantity);
    else if (name === "ephemeral-storage") result.ephemeralBytes = bytes(quantity);
    else if (name.includes("/")) result.extended[name] = parseQuantity(quantity) ?? 0;
  }
  return result;
}

/** Adds `sign` times the amount to the total, in place. */
export function addResources(total: Resources, amount: Resources, sign: 1 | -1 = 1): void {
  total.cpuMillis += sign * amount.cpuMillis;
  total.memoryBytes += sign * amount.memoryBytes;
  total.ephemeralBytes += sign * amount.ephemeralBytes;
  for (const [name, count] of Object.entries(amount.extended)) {
    total.extended[name] = (total.extended[name] ?? 0) + sign * count;
  }
}

function raise(total: Resources, amount: Resources): void {
  total.cpuMillis = Math.max(total.cpuMillis, amount.cpuMillis);
  total.memoryBytes = Math.max(total.memoryBytes, amount.memoryBytes);
  total.ephemeralBytes = Math.max(total.ephemeralBytes, amount.ephemeralBytes);
  for (const [name, count] of Object.entries(amount.extended)) {
    total.extended[name] = Math.max(total.extended[name] ?? 0, count);
  }
}

const known = new WeakMap<object, Resources>();

/**
 * What a Pod requests: its containers and sidecars together, or the largest moment of its init containers, plus
 * overhead. Source: kubernetes.io, Init Containers, Resource sharing within containers.
 */
export function podRequests(pod: Stored<Pod>): Resources {
  const cached = known.get(pod);
  if (cached !== undefined) return cached;
  const total = noResources();
  for (const container of pod.spec?.containers ?? []) addResources(total, requestsOf(container));
  const sidecars = noResources();
  const initPeak = noResources();
  for (const container of pod.spec?.initContainers ?? []) {
    const moment = noResources();
    addResources(moment, sidecars);
    addResources(moment, requestsOf(container));
    if (container.restartPolicy === "Always") addResources(sidecars, requestsOf(container));
    raise(initPeak, moment);
  }
  addResources(total, sidecars);
  raise(total, initPeak);
  addResources(total, readResources(pod.spec?.overhead));
  known.set(pod, total);
  return total;
}

function requestsOf(container: DeepReadonly<Container>): Resources {
  return readResources(container.resources?.requests);
}
