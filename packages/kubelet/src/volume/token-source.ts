import { ServiceAccounts } from "@jdos/api";
import type { KubeObject } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { namespaceOf, type PodObject, specOf } from "../pod/pod.ts";
import type { TokenRequest } from "./volume-content.ts";

interface Kept {
  token: string;
  renewAt: number;
}

export interface TokenSource {
  token(pod: PodObject, request: TokenRequest): Promise<string>;
  forget(uid: string): void;
}

/** Tokens bound to a Pod, kept until four fifths of their life (at most a day) are over. */
export function createTokenSource(client: Client, now: () => Date): TokenSource {
  const kept = new Map<string, Kept>();
  return {
    async token(pod, { audience, expirationSeconds }) {
      const key = `${pod.metadata.uid}/${audience ?? ""}/${expirationSeconds}`;
      const known = kept.get(key);
      if (known !== undefined && now().getTime() < known.renewAt) return known.token;
      const body = tokenRequest(pod, audience, expirationSeconds);
      const name = specOf(pod).serviceAccountName ?? "default";
      const account = { namespace: namespaceOf(pod), name };
      const answer = await client.createSubresource(ServiceAccounts, account, "token", body);
      const { token, expirationTimestamp } = answer.status as {
        token: string;
        expirationTimestamp: string;
      };
      const life = Date.parse(expirationTimestamp) - now().getTime();
      kept.set(key, { token, renewAt: now().getTime() + Math.min(life * 0.8, 86_400_000) });
      return token;
    },
    forget(uid) {
      for (const key of kept.keys()) if (key.startsWith(`${uid}/`)) kept.delete(key);
    },
  };
}

function tokenRequest(pod: PodObject, audience: string | undefined, expirationSeconds: number): KubeObject {
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    metadata: {},
    spec: {
      audiences: audience === undefined ? [] : [audience],
      expirationSeconds,
      boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pod.metadata.name, uid: pod.metadata.uid },
    },
  };
  return request;
}
