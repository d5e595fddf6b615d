import { randomBytes } from "node:crypto";
import { Nodes, Secrets } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { newSigningKey, readSigningKey } from "@jdos/component-base/attestation";
import { PLATFORM_NAMESPACE } from "../cluster/names.ts";
import { readCredentials } from "./registry.ts";
import type { Values } from "./values.ts";

/** What is decided once for a cluster stays: the administrator's token, the keys of webhooks' secrets and of images, and the registry's account if none is given. */
export async function readKept(
  client: Client,
  registry: Values["registry"],
): Promise<{
  administratorToken: string;
  gitServerKey: string;
  signingKey: string;
  signingPublicKey: string;
  registryCredentials: string;
}> {
  const [token, key, signing, given] = await Promise.all([
    readSecret(client, "platform-api-admin", "token"),
    readSecret(client, "git-server-keys", "master"),
    readSecret(client, "image-signing-key", "cosign.key"),
    readCredentials(registry),
  ]);
  const kept = given === "" ? await readSecret(client, "registry-credentials", ".dockerconfigjson") : given;
  const signingKey = signing === "" ? newSigningKey() : signing;
  return {
    administratorToken: token === "" ? randomBytes(32).toString("base64url") : token,
    gitServerKey: key === "" ? randomBytes(32).toString("base64url") : key,
    signingKey,
    signingPublicKey: readSigningKey(signingKey).publicKey,
    registryCredentials: kept,
  };
}

async function readSecret(client: Client, name: string, key: string): Promise<string> {
  try {
    const { data = {} } = await client.get(Secrets, { namespace: PLATFORM_NAMESPACE, name });
    return Buffer.from(data[key] ?? "", "base64").toString("utf8");
  } catch (error) {
    // Who may not read it may not install either: the check of rights says so.
    if (isStatus(error, "NotFound", "Forbidden")) return "";
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
