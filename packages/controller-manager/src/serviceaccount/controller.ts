import { ConfigMaps, Namespaces, ServiceAccounts } from "@jdos/api";
import { deepEqual, isStatus, type KubeObject, type ObjectKey } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import type { ControllerOptions, ReconcileContext } from "@jdos/controller-runtime";

const ACCOUNT = "default";
const ROOT_CA = "kube-root-ca.crt";

const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

export interface ServiceAccountOptions {
  /** PEM; without it no ConfigMap is published. */
  rootCaPem?: string;
}

/** Gives every namespace its default ServiceAccount and the authority of the API server's certificate. */
export function serviceAccountController({ rootCaPem }: ServiceAccountOptions): ControllerOptions {
  const onlyAccount = { fieldSelector: `metadata.name=${ACCOUNT}` };
  const onlyCa = { fieldSelector: `metadata.name=${ROOT_CA}` };
  return {
    name: "serviceaccount",
    eventSource: "service-account-controller",
    for: Namespaces,
    watches: [
      { type: ServiceAccounts, keys: namespaceOf, informer: onlyAccount },
      { type: ConfigMaps, keys: namespaceOf, informer: onlyCa },
    ],
    reconcile: async (context, key) => {
      const { informers } = context;
      const namespace = informers.for(Namespaces).lister.get(key);
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return undefined;
      const account = { namespace: key.name, name: ACCOUNT };
      if (informers.for(ServiceAccounts, onlyAccount).lister.get(account) === undefined) {
        await ignoring(context.client.create(ServiceAccounts, { metadata: account }));
      }
      if (rootCaPem !== undefined)
        await publishCa(context, { namespace: key.name, name: ROOT_CA }, { rootCaPem, onlyCa });
      return undefined;
    },
  };
}

function namespaceOf(object: Stored<KubeObject>): ObjectKey[] {
  return [{ namespace: "", name: object.metadata.namespace ?? "" }];
}

interface Ca {
  rootCaPem: string;
  onlyCa: { fieldSelector: string };
}

async function publishCa(
  { client, informers }: ReconcileContext,
  key: ObjectKey,
  { rootCaPem, onlyCa }: Ca,
): Promise<void> {
  const data = { "ca.crt": rootCaPem };
  const current = informers.for(ConfigMaps, onlyCa).lister.get(key);
  if (current === undefined) {
    const metadata = { ...key, annotations: { "kubernetes.io/description": DESCRIPTION } };
    await ignoring(client.create(ConfigMaps, { metadata, data }));
  } else if (!deepEqual(current.data, data)) {
    await client.update(ConfigMaps, { ...current, data });
  }
}

/** The informer may be behind, and the namespace may have begun to end. */
async function ignoring(creation: Promise<unknown>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    const terminating =
      isStatus(error, "Forbidden") &&
      error.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating");
    if (!terminating && !isStatus(error, "AlreadyExists", "NotFound")) throw error;
  }
}
