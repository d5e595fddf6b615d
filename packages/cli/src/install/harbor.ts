import { checkHarbor, HarborClient, HarborError } from "@jdos/component-base/harbor";
import { CliError } from "../errors.ts";
import { credentialOf, locationOf } from "./registry.ts";
import { invalid, type Values } from "./values.ts";

const TIMEOUT_SECONDS = 15;

export interface FoundHarbor {
  version: string;
  /** Whether the platform's own images have a project: without one nothing can be pushed yet. */
  hasProject: boolean;
}

/**
 * Whether Harbor is there and its account may do what Systems need. Changes nothing; undefined without a Harbor.
 *
 * @throws CliError ValuesInvalid, HarborUnreachable, NotHarbor, HarborUnauthorized, HarborForbidden
 */
export async function findHarbor(
  registry: Values["registry"],
  credentials: string,
): Promise<FoundHarbor | undefined> {
  const { url, quota } = registry.harbor;
  if (url === "") return undefined;
  return asCliError(async () => {
    const client = clientOf(registry, credentials);
    const { version } = await checkHarbor(client, { url, quotas: quota === "system" });
    const project = await client.project(platformProject(registry)).catch(unlessMissing);
    return { version, hasProject: project !== undefined };
  });
}

/** Makes the project of the platform's own images, which every robot account may pull: it is public. */
export async function ensurePlatformProject(
  registry: Values["registry"],
  credentials: string,
): Promise<void> {
  if (registry.harbor.url === "") return;
  await asCliError(async () => {
    const client = clientOf(registry, credentials);
    const name = platformProject(registry);
    if ((await client.project(name).catch(unlessMissing)) !== undefined) return;
    await client.createProject(name, { isPublic: true }).catch((error: unknown) => {
      // It is there and hidden: whether it takes a push says the push.
      if (!(error instanceof HarborError) || error.status !== 409) throw error;
    });
  });
}

function clientOf(registry: Values["registry"], credentials: string): HarborClient {
  const credential = credentialOf(credentials, locationOf(registry).host);
  if (credential === undefined)
    throw invalid(
      "registry.credentialsFile",
      "it is missing, and the registry is a Harbor",
      "Give the account of a user who may create projects: --registry-credentials FILE",
    );
  return new HarborClient({ url: registry.harbor.url, credential, timeoutSeconds: TIMEOUT_SECONDS });
}

function platformProject(registry: Values["registry"]): string {
  return `${locationOf(registry).prefix}jdos`.split("/")[0] ?? "";
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof HarborError) || ![403, 404].includes(error.status ?? 0)) throw error;
  return undefined;
}

async function asCliError<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof HarborError)) throw error;
    throw new CliError(error.code, error.message, { hint: error.hint, cause: error });
  }
}
