import type { Pod } from "@jdos/api";
import {
  type DeepReadonly,
  formatTime,
  invalid,
  type KubeObject,
  notFound,
  StatusError,
} from "@jdos/apimachinery";
import { ISSUER, type TokenClaims } from "../authentication/service-account-token.ts";
import { authorizeCall } from "../authorization/authorize.ts";
import type { StoredObject } from "../storage/event.ts";
import { type Call, type Core, keyOfCall } from "./call.ts";
import type { SubresourceDoor } from "./subresource.ts";

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const NODE_PREFIX = "system:node:";

interface TokenRequest extends KubeObject {
  spec?: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
  };
}

/** POST serviceaccounts/token: a token that ends, and ends sooner with the Pod it is bound to. */
export const serviceAccountToken: SubresourceDoor = {
  async create(core, call, body: TokenRequest) {
    authorizeCall(core, call, "create");
    const account = core.store.get(keyOfCall(call));
    if (account === undefined) throw notFound(call.endpoint.type, call.name);
    const seconds = body.spec?.expirationSeconds ?? DEFAULT_SECONDS;
    checkSeconds(seconds);
    const pod = boundPod(core, call, body);
    checkNode(call, pod);
    const claims = claimsFor(core, { account, pod, seconds, audiences: body.spec?.audiences ?? [] });
    return {
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      metadata: { name: call.name, namespace: call.namespace, creationTimestamp: formatTime(core.now()) },
      spec: {
        ...body.spec,
        audiences: claims.aud,
        expirationSeconds: seconds,
        boundObjectRef: body.spec?.boundObjectRef ?? null,
      },
      status: {
        token: core.signer.sign(claims),
        expirationTimestamp: formatTime(new Date(claims.exp * 1000)),
      },
    };
  },
};

function checkSeconds(seconds: number): void {
  const why =
    seconds < MIN_SECONDS
      ? "may not specify a duration less than 10 minutes"
      : seconds > MAX_SECONDS
        ? "may not specify a duration larger than 2^32 seconds"
        : undefined;
  if (why === undefined) return;
  throw invalid({ group: "authentication.k8s.io", kind: "TokenRequest" }, "", [
    {
      type: "FieldValueInvalid",
      field: "spec.expirationSeconds",
      message: `Invalid value: ${seconds}: ${why}`,
    },
  ]);
}

function boundPod(core: Core, call: Call, body: TokenRequest): StoredObject | undefined {
  const bound = body.spec?.boundObjectRef;
  if (bound === undefined || bound === null) return undefined;
  if (bound.kind !== "Pod")
    throw new StatusError(
      "BadRequest",
      `cannot bind token for serviceaccount "${call.name}" to object of kind "${bound.kind}": only Pod is served`,
    );
  const pod = core.store.get({ resource: "pods", namespace: call.namespace, name: bound.name ?? "" });
  if (pod === undefined) throw notFound({ group: "", resource: "pods" }, bound.name ?? "");
  if (bound.uid !== undefined && bound.uid !== "" && bound.uid !== pod.metadata.uid) {
    throw new StatusError(
      "Conflict",
      `Operation cannot be fulfilled on pods "${bound.name}": the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if ((pod as unknown as DeepReadonly<Pod>).spec?.serviceAccountName !== call.name) {
    throw new StatusError(
      "BadRequest",
      `cannot bind token for serviceaccount "${call.name}" to pod running with different serviceaccount name.`,
    );
  }
  return pod;
}

/** A kubelet gets tokens only for the Pods it runs. */
function checkNode({ user, name }: Call, pod: StoredObject | undefined): void {
  if (!user.groups.includes("system:nodes")) return;
  const node = user.name.slice(NODE_PREFIX.length);
  if (pod !== undefined && (pod as unknown as DeepReadonly<Pod>).spec?.nodeName === node) return;
  throw new StatusError(
    "Forbidden",
    `serviceaccounts "${name}" is forbidden: node requested token not bound to a pod scheduled on a different node`,
    { details: { name, kind: "serviceaccounts" } },
  );
}

interface ClaimsOptions {
  account: StoredObject;
  pod: StoredObject | undefined;
  seconds: number;
  audiences: readonly string[];
}

function claimsFor(core: Core, { account, pod, seconds, audiences }: ClaimsOptions): TokenClaims {
  const now = Math.floor(core.now().getTime() / 1000);
  const { namespace = "", name, uid } = account.metadata;
  return {
    aud: audiences.length === 0 ? [ISSUER] : [...audiences],
    exp: now + seconds,
    iat: now,
    iss: ISSUER,
    jti: crypto.randomUUID(),
    "kubernetes.io": {
      namespace,
      serviceaccount: { name, uid },
      ...(pod === undefined ? {} : { pod: { name: pod.metadata.name, uid: pod.metadata.uid } }),
    },
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}
