import { type EndpointSlice, EndpointSlices, Pods, Services } from "@jdos/api";
import { formatKey, isStatus, type KubeObject, keyOf, type ObjectKey } from "@jdos/apimachinery";
import type { InformerFactory, Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import { type ControllerOptions, Expectations, type ReconcileContext } from "@jdos/controller-runtime";
import {
  hasManagedEndpoints,
  indexServiceSelectors,
  podsOfService,
  servicesOfPod,
} from "../service/service-pods.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, planSlices, SERVICE_NAME_LABEL } from "./plan.ts";

const INDEX = "service";
/** Changes that come close together are written together. */
const MIN_INTERVAL_SECONDS = 0.05;

/** Keeps each Service's EndpointSlices showing its Pods. */
export function endpointSliceController({ clock }: { clock: Clock }): ControllerOptions {
  const expectations = new Expectations({ clock });
  return {
    name: "endpointslice",
    eventSource: "endpoint-slice-controller",
    for: Services,
    watches: [
      { type: Pods, keys: servicesOfPod },
      { type: EndpointSlices, keys: serviceOfSlice },
    ],
    minIntervalSeconds: MIN_INTERVAL_SECONDS,
    setup: ({ informers }) => {
      indexServiceSelectors(informers);
      informers.for(EndpointSlices).addIndex(INDEX, (slice) => serviceOfSlice(slice).map(formatKey));
      informers.for(EndpointSlices).addHandlers({
        added: (slice) => {
          for (const key of serviceOfSlice(slice)) expectations.creationObserved(formatKey(key));
        },
      });
    },
    reconcile: async (context, key) => {
      await reconcile(context, key, expectations);
      return undefined;
    },
  };
}

/** The Service a slice of ours belongs to. */
function serviceOfSlice(slice: Stored<KubeObject>): ObjectKey[] {
  const { labels, namespace = "" } = slice.metadata;
  const name = labels?.[SERVICE_NAME_LABEL];
  return name === undefined || labels?.[MANAGED_BY_LABEL] !== MANAGED_BY ? [] : [{ namespace, name }];
}

function slicesOf(informers: InformerFactory, key: ObjectKey): readonly Stored<EndpointSlice>[] {
  return informers.for(EndpointSlices).lister.byIndex(INDEX, formatKey(key));
}

async function reconcile(
  context: ReconcileContext,
  key: ObjectKey,
  expectations: Expectations,
): Promise<void> {
  const { client, informers } = context;
  const text = formatKey(key);
  const service = informers.for(Services).lister.get(key);
  const existing = slicesOf(informers, key);
  if (
    service === undefined ||
    service.metadata.deletionTimestamp !== undefined ||
    !hasManagedEndpoints(service)
  ) {
    expectations.forget(text);
    await removeAll(context, existing);
    return;
  }
  if (!expectations.satisfied(text)) return;
  const plan = planSlices(service, podsOfService(service, informers), existing);
  for (const slice of plan.update) await client.update(EndpointSlices, slice);
  if (plan.create.length > 0) expectations.expectCreations(text, plan.create.length);
  for (const slice of plan.create) {
    try {
      await client.create(EndpointSlices, slice);
    } catch (error) {
      expectations.forget(text);
      throw error;
    }
  }
  await removeAll(context, plan.remove);
}

async function removeAll(
  { client }: ReconcileContext,
  slices: readonly Stored<EndpointSlice>[],
): Promise<void> {
  for (const slice of slices) {
    try {
      await client.delete(EndpointSlices, keyOf(slice), { preconditions: { uid: slice.metadata.uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}
