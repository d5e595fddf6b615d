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
import {
  dockerConfig,
  type RegistryCredential,
  type RegistryLocation,
  readRegistryCredential,
} from "@jdos/component-base";
import { labelsOf } from "./render/subject.ts";

const KEY = ".dockerconfigjson";

/** How soon a credential that was exchanged reaches every application. */
const RENEW_SECONDS = 300;

/** Whether applications have a Secret for the registry: one that wants no credential needs none. */
export function hasCredential({ access, credentialsFile }: RegistryLocation): boolean {
  return access === "issued" || credentialsFile !== undefined;
}

/** Whether a Secret of this name is some application's credential for the registry. */
export function isRegistrySecretName(name: string): boolean {
  return name.endsWith(registrySecretName(""));
}

export function isPulledWithCredential(image: string, registry: RegistryLocation): boolean {
  return hasCredential(registry) && image.startsWith(`${registry.host}/${registry.prefix}`);
}

/**
 * Makes the Secret by which an application pushes to and pulls from the registry. Of JDOS's own registry its password
 * is random and never changes (delete the Secret to have a new one); of any other it is the credential given, and
 * follows it. Answers when to look again; undefined: not before something changes.
 */
export async function ensureRegistrySecret(
  client: Client,
  application: Stored<Application>,
  registry: RegistryLocation,
): Promise<number | undefined> {
  if (!hasCredential(registry)) return undefined;
  const found = await find(client, application);
  const { credentialsFile } = registry;
  if (credentialsFile === undefined || registry.access === "issued") {
    if (found === undefined) {
      const username = `${application.metadata.namespace}.${application.metadata.name}`;
      const password = randomBytes(24).toString("base64url");
      await create(client, renderRegistrySecret(application, registry, { username, password }));
    }
    return undefined;
  }
  const given = readRegistryCredential(credentialsFile, registry.host);
  const wanted = renderRegistrySecret(application, registry, given);
  if (found === undefined) await create(client, wanted);
  else if (found.data?.[KEY] !== wanted.data?.[KEY])
    await client.update(Secrets, { ...found, data: wanted.data } as Stored<Secret>);
  return RENEW_SECONDS;
}

async function find(client: Client, { metadata }: Stored<Application>): Promise<Stored<Secret> | undefined> {
  const key = { namespace: metadata.namespace ?? "", name: registrySecretName(metadata.name) };
  try {
    return await client.get(Secrets, key);
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

async function create(client: Client, secret: Secret): Promise<void> {
  try {
    await client.create(Secrets, secret);
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}

/** The Secret of a credential, as a docker configuration for every name the registry goes by. */
export function renderRegistrySecret(
  application: Stored<Application>,
  registry: Pick<RegistryLocation, "host" | "url">,
  credential: RegistryCredential,
): Secret {
  const { name, namespace } = application.metadata;
  const config = dockerConfig([registry.host, new URL(registry.url).host], credential);
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
    data: { [KEY]: Buffer.from(config).toString("base64") },
  };
}
