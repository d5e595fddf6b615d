import { randomUUID, X509Certificate } from "node:crypto";
import { importPKCS8, SignJWT } from "jose";
import type { Access } from "./scope.ts";

export interface RegistryTokenOptions {
  /** Certificate that the registry trusts (its rootcertbundle), PEM. */
  certPem: string;
  /** Its private key, PKCS#8, EC P-256. */
  keyPem: string;
  /** As in the registry's configuration auth.token.issuer. Defaults to "jdos". */
  issuer?: string;
  /** As in auth.token.service. Defaults to "registry.jdos.internal". */
  service?: string;
  /** Defaults to 300. */
  lifetimeSeconds?: number;
}

export interface IssuedToken {
  token: string;
  access_token: string;
  expires_in: number;
  issued_at: string;
}

/** Signs tokens of the registry's token protocol. Source: distribution, Token Authentication Implementation. */
export interface TokenIssuer {
  readonly service: string;
  issue(subject: string, access: readonly Access[]): Promise<IssuedToken>;
}

/** Registries' clocks may run a little behind. */
const BACKDATE_SECONDS = 30;

export async function createTokenIssuer(options: RegistryTokenOptions): Promise<TokenIssuer> {
  const { issuer = "jdos", service = "registry.jdos.internal", lifetimeSeconds = 300 } = options;
  const key = await importPKCS8(options.keyPem, "ES256");
  const x5c = [new X509Certificate(options.certPem).raw.toString("base64")];
  return {
    service,
    async issue(subject, access) {
      const now = Math.floor(Date.now() / 1000);
      const token = await new SignJWT({ access })
        .setProtectedHeader({ alg: "ES256", typ: "JWT", x5c })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(service)
        .setIssuedAt(now)
        .setNotBefore(now - BACKDATE_SECONDS)
        .setExpirationTime(now + lifetimeSeconds)
        .setJti(randomUUID())
        .sign(key);
      return {
        token,
        access_token: token,
        expires_in: lifetimeSeconds,
        issued_at: new Date(now * 1000).toISOString(),
      };
    },
  };
}
