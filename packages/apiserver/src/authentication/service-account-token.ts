import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { isRecord } from "../patch/merge-patch.ts";

export const ISSUER = "https://kubernetes.default.svc.cluster.local";

/** What a service account's token says. */
export interface TokenClaims {
  aud: string[];
  /** Seconds since the epoch. */
  exp: number;
  iat: number;
  nbf: number;
  iss: string;
  jti: string;
  sub: string;
  "kubernetes.io": {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    secret?: { name: string; uid: string };
    node?: { name: string; uid: string };
  };
}

/** Signs and reads the tokens of service accounts: JWTs, RS256 or ES256 as the key is. */
export class TokenSigner {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #algorithm: "RS256" | "ES256";

  /** @param keyPem a private key, RSA or EC P-256 */
  constructor(keyPem: string) {
    this.#private = createPrivateKey(keyPem);
    this.#public = createPublicKey(this.#private);
    this.#algorithm = this.#private.asymmetricKeyType === "rsa" ? "RS256" : "ES256";
  }

  sign(claims: TokenClaims): string {
    const head = `${encode({ alg: this.#algorithm, typ: "JWT" })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(head), { key: this.#private, dsaEncoding: "ieee-p1363" });
    return `${head}.${signature.toString("base64url")}`;
  }

  /** The claims of a token this key signed; undefined for any other. Times are the caller's to judge. */
  read(token: string): TokenClaims | undefined {
    const parts = token.split(".");
    if (parts.length !== 3) return undefined;
    const [head, body, signature] = parts as [string, string, string];
    const header = decode(head);
    if (!isRecord(header) || header.alg !== this.#algorithm) return undefined;
    const signed = Buffer.from(`${head}.${body}`);
    const good = verify(
      "sha256",
      signed,
      { key: this.#public, dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
    if (!good) return undefined;
    const claims = decode(body);
    return isClaims(claims) ? claims : undefined;
  }
}

function isClaims(value: unknown): value is TokenClaims {
  if (!isRecord(value) || value.iss !== ISSUER || typeof value.exp !== "number" || !Array.isArray(value.aud))
    return false;
  const own = value["kubernetes.io"];
  return isRecord(own) && typeof own.namespace === "string" && isRecord(own.serviceaccount);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    // Not JSON, so no token of ours: the caller treats it like any unknown token.
    return undefined;
  }
}
