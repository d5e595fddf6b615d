import { type Pod, Pods, type Service, Services } from "@jdos/api";
import { type KubeObject, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import { isPodTerminal } from "../pod/pod-state.ts";

const INDEX = "service-selector";

/** Files Services under one label of their selector, so that a Pod finds its Services without a walk over all. */
export function indexServiceSelectors(informers: InformerFactory): void {
  informers.for(Services).addIndex(INDEX, (service) => {
    const first = Object.entries(service.spec?.selector ?? {})[0];
    return first === undefined ? [] : [indexValue(service.metadata.namespace, first)];
  });
}

/** The Services that select the Pod. */
export function servicesOfPod(pod: Stored<KubeObject>, informers: InformerFactory): ObjectKey[] {
  const { lister } = informers.for(Services);
  const keys: ObjectKey[] = [];
  for (const label of Object.entries(pod.metadata.labels ?? {})) {
    for (const service of lister.byIndex(INDEX, indexValue(pod.metadata.namespace, label))) {
      if (selects(service, pod)) keys.push(keyOf(service));
    }
  }
  return keys;
}

/** The Pods behind a Service that have an address and are not finished. */
export function podsOfService(service: Stored<Service>, informers: InformerFactory): Stored<Pod>[] {
  return informers
    .for(Pods)
    .lister.list(service.metadata.namespace)
    .filter((pod) => (pod.status?.podIP ?? "") !== "" && !isPodTerminal(pod) && selects(service, pod));
}

/** True for a Service whose endpoints are ours to write. */
export function hasManagedEndpoints(service: Stored<Service>): boolean {
  return service.spec?.type !== "ExternalName" && Object.keys(service.spec?.selector ?? {}).length > 0;
}

function selects(service: Stored<Service>, pod: Stored<KubeObject>): boolean {
  return Object.entries(service.spec?.selector ?? {}).every(
    ([key, value]) => pod.metadata.labels?.[key] === value,
  );
}

function indexValue(namespace: string | undefined, [key, value]: [string, string]): string {
  return `${namespace}/${key}=${value}`;
}
