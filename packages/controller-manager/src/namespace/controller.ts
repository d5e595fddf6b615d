import { type Namespace, Namespaces, type Pod, Pods } from "@jdos/api";
import { isStatus, type ObjectKey } from "@jdos/apimachinery";
import type { Client, InformerFactory, Stored } from "@jdos/client";
import {
  applyStatus,
  type ControllerOptions,
  type ReconcileContext,
  type Result,
} from "@jdos/controller-runtime";
import { discoverResources } from "../discovery/discover-resources.ts";
import { terminatingStatus } from "./conditions.ts";
import { emptyNamespace } from "./empty-namespace.ts";

/** The finalizer in spec.finalizers that this controller answers for. */
const FINALIZER = "kubernetes";
/** Objects with finalizers of others end without a sign that this controller watches. */
const LOOK_AGAIN_SECONDS = 2;

/** Empties a namespace that is being deleted, over every resource the server has, and then lets it go. */
export function namespaceController(): ControllerOptions {
  return {
    name: "namespace",
    eventSource: "namespace-controller",
    for: Namespaces,
    watches: [{ type: Pods, keys: terminatingNamespaceOf }],
    reconcile,
  };
}

/** The last Pod's end is often the last thing a namespace waits for. */
function terminatingNamespaceOf(pod: Stored<Pod>, informers: InformerFactory): ObjectKey[] {
  const key = { namespace: "", name: pod.metadata.namespace ?? "" };
  return informers.for(Namespaces).lister.get(key)?.metadata.deletionTimestamp === undefined ? [] : [key];
}

async function reconcile(
  { client, informers, now }: ReconcileContext,
  key: ObjectKey,
): Promise<Result | undefined> {
  const namespace = informers.for(Namespaces).lister.get(key);
  if (namespace?.metadata.deletionTimestamp === undefined || !hasFinalizer(namespace)) return undefined;
  const remainder = await emptyNamespace(client, key.name, await discoverResources(client));
  const status = terminatingStatus(namespace.status, remainder, now());
  const current = await applyStatus(client, { type: Namespaces, object: namespace, status });
  if (remainder.counts.size > 0 || remainder.failures.length > 0)
    return { requeueAfterSeconds: LOOK_AGAIN_SECONDS };
  await finalize(client, current);
  return undefined;
}

function hasFinalizer({ spec }: Stored<Namespace>): boolean {
  return spec?.finalizers?.includes(FINALIZER) === true;
}

async function finalize(client: Client, namespace: Stored<Namespace>): Promise<void> {
  const finalizers = namespace.spec!.finalizers!.filter((each) => each !== FINALIZER);
  try {
    await client.update<Namespace>(
      Namespaces,
      { ...namespace, spec: { ...namespace.spec, finalizers } },
      { subresource: "finalize" },
    );
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
