import { Secrets } from "@jdos/api";
import { isDnsLabel, isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { sameSecret } from "../login/same-secret.ts";
import type { RegistryIdentity } from "./grant.ts";

export interface IdentifyOptions {
  /** Reads the Secrets `<app>-registry`. */
  client: Client;
  adminToken: string;
  /** Absent: nobody may speak as the node. */
  nodePassword?: string | undefined;
  /** Absent: nobody may speak as retention. */
  retentionPassword?: string | undefined;
}

export interface Credentials {
  username: string;
  password: string;
}

/** Reads `Authorization: Basic ...`. */
export function basicCredentials(header: string | undefined): Credentials | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=_-]+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Who these credentials belong to; undefined for wrong ones. */
export async function identify(
  { username, password }: Credentials,
  options: IdentifyOptions,
): Promise<RegistryIdentity | undefined> {
  if (username === "admin") return sameSecret(password, options.adminToken) ? { kind: "admin" } : undefined;
  if (username === "node" || username === "retention") {
    const wanted = username === "node" ? options.nodePassword : options.retentionPassword;
    return wanted !== undefined && sameSecret(password, wanted) ? { kind: username } : undefined;
  }
  const [system, app, ...rest] = username.split(".");
  if (system === undefined || app === undefined || rest.length > 0 || !isDnsLabel(system) || !isDnsLabel(app))
    return undefined;
  const expected = await applicationPassword(options.client, system, app);
  return expected !== undefined && sameSecret(password, expected)
    ? { kind: "application", system, app }
    : undefined;
}

interface DockerConfig {
  auths?: Record<string, { username?: string; password?: string; auth?: string }>;
}

async function applicationPassword(client: Client, system: string, app: string): Promise<string | undefined> {
  let encoded: string | undefined;
  try {
    encoded = (await client.get(Secrets, { namespace: system, name: `${app}-registry` })).data?.[
      ".dockerconfigjson"
    ];
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
  const config = JSON.parse(Buffer.from(encoded ?? "e30=", "base64").toString("utf8")) as DockerConfig;
  for (const { username, password, auth } of Object.values(config.auths ?? {})) {
    const named = username === undefined ? basicCredentials(`Basic ${auth}`) : { username, password };
    if (named?.username === `${system}.${app}` && named.password !== undefined) return named.password;
  }
  return undefined;
}
