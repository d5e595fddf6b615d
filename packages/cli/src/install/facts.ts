import { randomBytes } from "node:crypto";
import { Nodes, Secrets } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import type { AccessFiles } from "@jdos/component-base/access-files";
import { newSigningKey, readSigningKey } from "@jdos/component-base/attestation";
import { PLATFORM_NAMESPACE } from "../cluster/names.ts";
import { clickhouseAccess, type LogKeys, logKeys } from "./log-access.ts";
import { metricsAccess } from "./metrics-access.ts";
import { readCredentials, readMirrorCredentials } from "./registry.ts";
import type { Values } from "./values.ts";

/** What is decided once for a cluster stays: the administrator's token, the keys of webhooks' secrets and of images, the password of Prometheus, the keys of the log server, and the accounts of registry and mirrors if none are given. */
export async function readKept(
  client: Client,
  { registry, metrics, logs }: Pick<Values, "registry" | "metrics" | "logs">,
): Promise<{
  administratorToken: string;
  gitServerKey: string;
  signingKey: string;
  signingPublicKey: string;
  registryCredentials: string;
  mirrorCredentials: string;
  metricsAccess: AccessFiles;
  logKeys: LogKeys;
  clickhouseAccess: AccessFiles;
}> {
  const [token, key, signing, given, mirrors, access, ofLogs, clickhouse] = await Promise.all([
    readSecret(client, "platform-api-admin", "token"),
    readSecret(client, "git-server-keys", "master"),
    readSecret(client, "image-signing-key", "cosign.key"),
    readCredentials(registry),
    readMirrorCredentials(registry),
    readSecretData(client, "metrics-access"),
    readSecretData(client, "log-server-keys"),
    readSecretData(client, "clickhouse-access"),
  ]);
  const config = (name: string): Promise<string> => readSecret(client, name, ".dockerconfigjson");
  const kept = given === "" ? await config("registry-credentials") : given;
  const hasMirrors = Object.keys(registry.mirrors).length > 0;
  const signingKey = signing === "" ? newSigningKey() : signing;
  return {
    administratorToken: token === "" ? randomBytes(32).toString("base64url") : token,
    gitServerKey: key === "" ? randomBytes(32).toString("base64url") : key,
    signingKey,
    signingPublicKey: readSigningKey(signingKey).publicKey,
    registryCredentials: kept,
    mirrorCredentials: mirrors === "" && hasMirrors ? await config("mirror-credentials") : mirrors,
    metricsAccess: await metricsAccess(metrics, access),
    logKeys: logKeys(ofLogs),
    clickhouseAccess: await clickhouseAccess(logs, clickhouse),
  };
}

async function readSecret(client: Client, name: string, key: string): Promise<string> {
  return (await readSecretData(client, name))[key] ?? "";
}

async function readSecretData(client: Client, name: string): Promise<Record<string, string>> {
  try {
    const { data = {} } = await client.get(Secrets, { namespace: PLATFORM_NAMESPACE, name });
    const text = (base64: string): string => Buffer.from(base64, "base64").toString("utf8");
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, text(value)]));
  } catch (error) {
    // Who may not read it may not install either: the check of rights says so.
    if (isStatus(error, "NotFound", "Forbidden")) return {};
    throw error;
  }
}

/** An address by which people may reach a node; "" when nobody tells. */
export async function nodeAddress(client: Client): Promise<string> {
  try {
    const { items } = await client.list(Nodes);
    const addresses = items.flatMap(({ status }) => status?.addresses ?? []);
    return (
      (
        addresses.find(({ type }) => type === "ExternalIP") ??
        addresses.find(({ type }) => type === "InternalIP")
      )?.address ?? ""
    );
  } catch (error) {
    if (isStatus(error, "Forbidden")) return "";
    throw error;
  }
}
