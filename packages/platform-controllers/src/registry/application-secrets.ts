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
  credentialFor,
  dockerConfigOf,
  type RegistryCredential,
  type RegistryLocation,
  readRegistryCredential,
} from "@jdos/component-base";
import { labelsOf } from "../application/render/subject.ts";
import { comesFrom } from "./images.ts";
import { mirrorCredentials } from "./mirror-credentials.ts";
import type { RegistryProvider } from "./provider.ts";

/** The key of a docker configuration in a Secret. */
const KEY = ".dockerconfigjson";

/** How soon a credential that was exchanged reaches every application. */
const RENEW_SECONDS = 300;

/**
 * A Secret for each application. Of JDOS's own registry its password is random and never changes (delete the Secret to
 * have a new one); of any other it is the credential given, and follows it, as those of mirrors do.
 */
export function applicationSecrets(registry: RegistryLocation): RegistryProvider {
  const { access, credentialsFile, mirrorCredentialsFile } = registry;
  const asks = access === "issued" || credentialsFile !== undefined;
  const needed = asks || mirrorCredentialsFile !== undefined;
  return {
    pushSecret: (application) => (needed ? registrySecretName(application) : undefined),
    pullSecret: (application, image) =>
      comesFrom(registry, image, { own: asks, mirrors: mirrorCredentialsFile !== undefined })
        ? registrySecretName(application)
        : undefined,
    async ensure(client, application) {
      if (!needed) return undefined;
      const found = await find(client, application);
      const own = asks ? ownCredential(registry, application, found) : undefined;
      const wanted = renderRegistrySecret(application, registry, own);
      if (found === undefined) await create(client, wanted);
      else if (found.data?.[KEY] !== wanted.data?.[KEY])
        await client.update(Secrets, { ...found, data: wanted.data } as Stored<Secret>);
      return (access === "given" && credentialsFile !== undefined) || mirrorCredentialsFile !== undefined
        ? RENEW_SECONDS
        : undefined;
    },
  };
}

/** Whether a Secret of this name is a credential for the registry. */
export function isRegistrySecretName(name: string): boolean {
  return name.endsWith(registrySecretName(""));
}

function ownCredential(
  { access, credentialsFile, host }: RegistryLocation,
  { metadata }: Stored<Application>,
  found: Stored<Secret> | undefined,
): RegistryCredential {
  if (access === "given" && credentialsFile !== undefined)
    return readRegistryCredential(credentialsFile, host);
  const kept = credentialFor(host, Buffer.from(found?.data?.[KEY] ?? "", "base64").toString("utf8"));
  const username = `${metadata.namespace}.${metadata.name}`;
  return kept ?? { username, password: randomBytes(24).toString("base64url") };
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

/** The Secret as a docker configuration: the registry under every name it goes by, and the mirrors. */
function renderRegistrySecret(
  application: Stored<Application>,
  registry: RegistryLocation,
  own: RegistryCredential | undefined,
): Secret {
  const { name, namespace } = application.metadata;
  const { host, url } = registry;
  const config = dockerConfigOf({
    ...mirrorCredentials(registry),
    ...(own === undefined ? {} : { [host]: own, [new URL(url).host]: own }),
  });
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
