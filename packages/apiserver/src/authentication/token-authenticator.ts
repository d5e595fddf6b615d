import type { User } from "../registry/call.ts";
import type { Store } from "../storage/store.ts";
import { withSystemGroups } from "./groups.ts";
import { ISSUER, type TokenClaims, type TokenSigner } from "./service-account-token.ts";

export interface TokenAuthenticatorOptions {
  store: Store;
  signer: TokenSigner;
  /** Token -> user. */
  staticTokens?: ReadonlyMap<string, { name: string; groups: readonly string[] }>;
  now(): Date;
}

const MAX_REMEMBERED = 4096;

/** Knows people by bearer tokens: static ones, and those of service accounts. */
export class TokenAuthenticator {
  readonly #options: TokenAuthenticatorOptions;
  /** Signatures are checked once; whether the token still holds is asked each time. */
  readonly #read = new Map<string, TokenClaims>();

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
  }

  /** The user of a token; undefined when it is unknown, over, or its account or Pod is gone. */
  authenticate(token: string, audiences: readonly string[] = [ISSUER]): User | undefined {
    const known = this.#options.staticTokens?.get(token);
    if (known !== undefined) return { ...known, groups: withSystemGroups(known.name, known.groups) };
    const claims = this.#claims(token);
    if (claims === undefined || !this.#holds(claims, audiences)) return undefined;
    return userOf(claims);
  }

  #claims(token: string): TokenClaims | undefined {
    const remembered = this.#read.get(token);
    if (remembered !== undefined) return remembered;
    const claims = this.#options.signer.read(token);
    if (claims === undefined) return undefined;
    if (this.#read.size >= MAX_REMEMBERED) this.#read.delete(this.#read.keys().next().value!);
    this.#read.set(token, claims);
    return claims;
  }

  #holds(claims: TokenClaims, audiences: readonly string[]): boolean {
    const now = this.#options.now().getTime() / 1000;
    if (now >= claims.exp || now < claims.nbf - 60) return false;
    if (!claims.aud.some((audience) => audiences.includes(audience))) return false;
    const { namespace, serviceaccount, pod } = claims["kubernetes.io"];
    if (!this.#exists("serviceaccounts", namespace, serviceaccount)) return false;
    return pod === undefined || this.#exists("pods", namespace, pod);
  }

  #exists(resource: string, namespace: string, { name, uid }: { name: string; uid: string }): boolean {
    return this.#options.store.get({ resource, namespace, name })?.metadata.uid === uid;
  }
}

function userOf({ "kubernetes.io": own, jti }: TokenClaims): User {
  const name = `system:serviceaccount:${own.namespace}:${own.serviceaccount.name}`;
  const extra: Record<string, readonly string[]> = {
    "authentication.kubernetes.io/credential-id": [`JTI=${jti}`],
  };
  if (own.pod !== undefined) {
    extra["authentication.kubernetes.io/pod-name"] = [own.pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [own.pod.uid];
  }
  return { name, uid: own.serviceaccount.uid, groups: withSystemGroups(name), extra };
}
