import { Endpoints, type EndpointsObject, Pods, type Service, Services } from "@jdos/api";
import { deepEqual, isStatus, type ObjectKey } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext } from "@jdos/controller-runtime";
import {
  hasManagedEndpoints,
  indexServiceSelectors,
  podsOfService,
  servicesOfPod,
} from "../service/service-pods.ts";
import { OVER_CAPACITY_ANNOTATION, truncate } from "./capacity.ts";
import { subsetsOf } from "./subsets.ts";

/** The object is written whole: Pods that become ready one soon after another are written together. */
const MIN_INTERVAL_SECONDS = 0.1;

/** Keeps the older Endpoints object of each Service, for readers that do not know EndpointSlices. */
export function endpointsController(): ControllerOptions {
  return {
    name: "endpoints",
    eventSource: "endpoint-controller",
    for: Services,
    watches: [
      { type: Pods, keys: servicesOfPod },
      {
        type: Endpoints,
        keys: ({ metadata }) => [{ namespace: metadata.namespace ?? "", name: metadata.name }],
      },
    ],
    minIntervalSeconds: MIN_INTERVAL_SECONDS,
    setup: ({ informers }) => indexServiceSelectors(informers),
    reconcile: async (context, key) => {
      await reconcile(context, key);
      return undefined;
    },
  };
}

async function reconcile(context: ReconcileContext, key: ObjectKey): Promise<void> {
  const { informers } = context;
  const service = informers.for(Services).lister.get(key);
  const existing = informers.for(Endpoints).lister.get(key);
  if (service === undefined) {
    if (existing !== undefined && isOurs(existing)) await remove(context, key, existing);
    return;
  }
  if (!hasManagedEndpoints(service) || service.metadata.deletionTimestamp !== undefined) return;
  await write(context, { service, existing });
}

const MANAGED_LABEL = "endpoints.kubernetes.io/managed-by";
const MANAGED_BY = "endpoint-controller";

/** Endpoints that a person wrote for a Service without a selector stay. */
function isOurs(endpoints: Stored<EndpointsObject>): boolean {
  return endpoints.metadata.labels?.[MANAGED_LABEL] === MANAGED_BY;
}

interface Writing {
  service: Stored<Service>;
  existing: Stored<EndpointsObject> | undefined;
}

async function write({ client, informers }: ReconcileContext, { service, existing }: Writing): Promise<void> {
  const all = subsetsOf(service, podsOfService(service, informers));
  const truncated = truncate(all);
  const subsets = truncated ?? all;
  const headless: Record<string, string> =
    service.spec?.clusterIP === "None" ? { "service.kubernetes.io/headless": "" } : {};
  const labels = { ...service.metadata.labels, ...headless, [MANAGED_LABEL]: MANAGED_BY };
  const { name, namespace } = service.metadata;
  const { [OVER_CAPACITY_ANNOTATION]: _, ...others } = existing?.metadata.annotations ?? {};
  const annotations =
    truncated === undefined ? others : { ...others, [OVER_CAPACITY_ANNOTATION]: "truncated" };
  if (existing === undefined) {
    await client.create(Endpoints, { metadata: { name, namespace, labels, annotations }, subsets });
    return;
  }
  const { metadata } = existing;
  const isCurrent =
    deepEqual(existing.subsets ?? [], subsets) &&
    deepEqual(metadata.labels, labels) &&
    deepEqual(metadata.annotations ?? {}, annotations);
  if (isCurrent) return;
  const written = { ...existing, metadata: { ...metadata, labels, annotations }, subsets };
  await client.update(Endpoints, written as EndpointsObject);
}

async function remove(
  { client }: ReconcileContext,
  key: ObjectKey,
  existing: Stored<EndpointsObject>,
): Promise<void> {
  try {
    await client.delete(Endpoints, key, { preconditions: { uid: existing.metadata.uid } });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
