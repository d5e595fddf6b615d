import type { Container, Pod, ServiceAccount, Volume } from "@jdos/api";
import { type DeepReadonly, randomSuffix, StatusError } from "@jdos/apimachinery";
import type { AdmissionRequest, AdmissionStep } from "./admission.ts";
import type { AdmissionWorld } from "./steps.ts";

const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const EXPIRATION_SECONDS = 3607;
const MIRROR = "kubernetes.io/config.mirror";

/** Every Pod runs as a ServiceAccount and finds its token, the cluster's authority and its namespace in a volume. */
export function serviceAccount({ store }: AdmissionWorld): AdmissionStep {
  return {
    name: "ServiceAccount",
    mutate(request) {
      const { call, operation } = request;
      if (operation !== "CREATE" || call.endpoint.type.kind !== "Pod" || call.subresource !== undefined)
        return;
      const pod = request.object as Pod;
      if (pod.spec === undefined || pod.metadata?.annotations?.[MIRROR] !== undefined) return;
      const name = pod.spec.serviceAccountName || "default";
      pod.spec.serviceAccountName = name;
      pod.spec.serviceAccount = name;
      const key = { resource: "serviceaccounts", namespace: call.namespace, name };
      const account = store.peek(key) as unknown as DeepReadonly<ServiceAccount> | undefined;
      if (account === undefined) throw missing(request, name);
      if (mounts(pod, account)) mountToken(pod);
      if ((pod.spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets !== undefined) {
        pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
      }
    },
  };
}

function missing({ call: { name, namespace } }: AdmissionRequest, account: string): StatusError {
  return new StatusError(
    "Forbidden",
    `pods "${name}" is forbidden: error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
    {
      details: { name, kind: "pods" },
    },
  );
}

function mounts({ spec }: Pod, account: DeepReadonly<ServiceAccount>): boolean {
  return spec?.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken({ spec }: Pod): void {
  const containers = [...(spec!.containers ?? []), ...(spec!.initContainers ?? [])];
  const lacking = containers.filter((container) => !hasMount(container));
  if (lacking.length === 0) return;
  const name = `kube-api-access-${randomSuffix()}`;
  spec!.volumes = [...(spec!.volumes ?? []), tokenVolume(name)];
  for (const container of lacking) {
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name, readOnly: true, mountPath: MOUNT_PATH },
    ];
  }
}

function hasMount({ volumeMounts }: Container): boolean {
  return (volumeMounts ?? []).some(({ mountPath }) => mountPath === MOUNT_PATH);
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: EXPIRATION_SECONDS, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    },
  };
}
