import type { Endpoint, EndpointPort, EndpointSlice, Pod, Service } from "@jdos/api";
import { controllerReference, type DeepReadonly, deepEqual } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { groupByPorts, portsKey } from "../service/service-ports.ts";
import { endpointOfPod } from "./endpoint-of-pod.ts";

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
export const MANAGED_BY = "endpointslice-controller.k8s.io";
const HEADLESS_LABEL = "service.kubernetes.io/headless";
/** Endpoints in one slice at most. */
const MAX_ENDPOINTS = 100;

export interface SlicePlan {
  create: EndpointSlice[];
  update: EndpointSlice[];
  remove: Stored<EndpointSlice>[];
}

/**
 * What to write so that the slices show the Pods. Endpoints stay in the slice they are in, and only slices whose
 * content changed are written, so that one Pod's change costs its readers one slice.
 */
export function planSlices(
  service: Stored<Service>,
  pods: readonly Stored<Pod>[],
  existing: readonly Stored<EndpointSlice>[],
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const groups = groupByPorts(service, pods);
  const slicesByPorts = new Map<string, Stored<EndpointSlice>[]>();
  for (const slice of existing) {
    const key = portsKey(slice.ports ?? []);
    slicesByPorts.set(key, [...(slicesByPorts.get(key) ?? []), slice]);
  }
  for (const [key, group] of groups) {
    planGroup(service, { ...group, slices: slicesByPorts.get(key) ?? [] }, plan);
    slicesByPorts.delete(key);
  }
  for (const slices of slicesByPorts.values()) plan.remove.push(...slices);
  return keepOne(service, existing, plan);
}

/** A Service without endpoints keeps one empty slice, so that its readers see that it has none. */
function keepOne(
  service: Stored<Service>,
  existing: readonly Stored<EndpointSlice>[],
  plan: SlicePlan,
): SlicePlan {
  const left = existing.length - plan.remove.length + plan.create.length;
  if (left > 0) return plan;
  const kept = plan.remove.shift();
  if (kept === undefined) plan.create.push(newSlice(service, [], []));
  else if ((kept.endpoints ?? []).length > 0 || (kept.ports ?? []).length > 0)
    plan.update.push(changed(service, kept, []));
  return plan;
}

interface Group {
  ports: EndpointPort[];
  pods: readonly Stored<Pod>[];
  slices: readonly Stored<EndpointSlice>[];
}

function planGroup(service: Stored<Service>, { ports, pods, slices }: Group, plan: SlicePlan): void {
  const wanted = new Map(pods.map((pod) => [pod.metadata.uid, endpointOfPod(service, pod)]));
  const kept = slices.map((slice) => ({ slice, endpoints: takeKept(slice, wanted) }));
  const rest = [...wanted.values()];
  for (const { endpoints } of kept)
    endpoints.push(...rest.splice(0, Math.max(0, MAX_ENDPOINTS - endpoints.length)));
  for (const { slice, endpoints } of kept) {
    if (endpoints.length === 0) plan.remove.push(slice);
    else if (needsWrite(service, slice, endpoints)) plan.update.push(changed(service, slice, endpoints));
  }
  while (rest.length > 0) plan.create.push(newSlice(service, ports, rest.splice(0, MAX_ENDPOINTS)));
}

/** The slice's endpoints that are still wanted, as they should be now; they are taken out of `wanted`. */
function takeKept(slice: Stored<EndpointSlice>, wanted: Map<string, Endpoint>): Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const { targetRef } of slice.endpoints ?? []) {
    const uid = targetRef?.uid ?? "";
    const endpoint = wanted.get(uid);
    if (endpoint === undefined) continue;
    endpoints.push(endpoint);
    wanted.delete(uid);
  }
  return endpoints;
}

function needsWrite(service: Stored<Service>, slice: Stored<EndpointSlice>, endpoints: Endpoint[]): boolean {
  return !deepEqual(slice.endpoints, endpoints) || !deepEqual(slice.metadata.labels, labelsOf(service));
}

function labelsOf(service: Stored<Service>): Record<string, string> {
  return {
    ...service.metadata.labels,
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: MANAGED_BY,
    ...(service.spec?.clusterIP === "None" ? { [HEADLESS_LABEL]: "" } : {}),
  };
}

function changed(
  service: Stored<Service>,
  slice: Stored<EndpointSlice>,
  endpoints: Endpoint[],
): EndpointSlice {
  const ports = endpoints.length === 0 ? [] : (slice.ports as DeepReadonly<EndpointPort>[]);
  return {
    ...slice,
    metadata: { ...slice.metadata, labels: labelsOf(service) },
    ports,
    endpoints,
  } as EndpointSlice;
}

function newSlice(service: Stored<Service>, ports: EndpointPort[], endpoints: Endpoint[]): EndpointSlice {
  return {
    metadata: {
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(service)],
    },
    addressType: "IPv4",
    ports,
    endpoints,
  };
}
