import { randomBytes } from "node:crypto";
import {
  type Application,
  REGISTRY_CREDENTIAL_LABEL,
  registrySecretName,
  type Secret,
  Secrets,
} from "@jdos/api";
import { controllerReference, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import type { RegistrySettings } from "../options.ts";
import { labelsOf } from "./render/subject.ts";

/**
 * Makes the Secret by which an application pushes to and pulls from its own repository. Its password is random
 * and never changes; delete the Secret to have a new one.
 */
export async function ensureRegistrySecret(
  client: Client,
  application: Stored<Application>,
  registry: RegistrySettings,
): Promise<void> {
  const key = {
    namespace: application.metadata.namespace ?? "",
    name: registrySecretName(application.metadata.name),
  };
  try {
    await client.get(Secrets, key);
    return;
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
  try {
    await client.create(
      Secrets,
      renderRegistrySecret(application, registry, randomBytes(24).toString("base64url")),
    );
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}

/** The Secret with a password, as a docker configuration for every name the registry goes by. */
export function renderRegistrySecret(
  application: Stored<Application>,
  registry: RegistrySettings,
  password: string,
): Secret {
  const { name, namespace } = application.metadata;
  const username = `${namespace}.${name}`;
  const entry = { username, password, auth: Buffer.from(`${username}:${password}`).toString("base64") };
  const hosts = [registry.host, new URL(registry.url).host];
  const auths = Object.fromEntries(hosts.map((host) => [host, entry]));
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/dockerconfigjson",
    metadata: {
      name: registrySecretName(name),
      namespace,
      labels: { ...labelsOf(application), [REGISTRY_CREDENTIAL_LABEL]: "true" },
      ownerReferences: [controllerReference(application)],
    },
    data: { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths })).toString("base64") },
  };
}
