import {
  type ApplicationImages,
  authorizeAt,
  type RegistryCredential,
  readRegistryCredential,
} from "@jdos/component-base";
import { PlatformError } from "../errors.ts";
import type { RegistryOptions } from "../options.ts";
import type { TokenIssuer } from "../registry-token/issuer.ts";

export type RegistryAction = "pull" | "push";

/** How this process may write to the registry. */
export interface RegistryAccess {
  /** Where its API answers. */
  readonly url: string;
  /** The repository of an application. */
  repositoryOf(system: string, app: string): string;
  /** The header `authorization` for a repository; undefined when the registry wants none. Defaults to push. */
  authorize(person: string, repository: string, action?: RegistryAction): Promise<string | undefined>;
  /** The header for pull from one repository and push to another. */
  authorizeCopy(person: string, repositories: { from: string; to: string }): Promise<string | undefined>;
}

/** Access by tokens of our own when the registry is ours, else by the credential it was given, or by none. */
export function createRegistryAccess(
  options: RegistryOptions,
  issuer: TokenIssuer | undefined,
  images: ApplicationImages,
): RegistryAccess {
  const { url } = options;
  const authorizeScopes = (person: string, scopes: Scopes): Promise<string | undefined> =>
    issuer === undefined ? authorizeAsGiven(options, scopes) : issueFor(issuer, person, scopes);
  return {
    url,
    repositoryOf: images.repositoryOf,
    authorize(person, repository, action = "push") {
      const actions = action === "pull" ? ["pull"] : ["pull", "push"];
      return authorizeScopes(person, { [repository]: actions });
    },
    authorizeCopy: (person, { from, to }) =>
      authorizeScopes(person, { [from]: ["pull"], [to]: ["pull", "push"] }),
  };
}

/** Actions by repository. */
type Scopes = Readonly<Record<string, string[]>>;

async function issueFor(issuer: TokenIssuer, person: string, scopes: Scopes): Promise<string> {
  const access = Object.entries(scopes).map(([name, actions]) => ({ type: "repository", name, actions }));
  const { token } = await issuer.issue(person, access);
  return `Bearer ${token}`;
}

async function authorizeAsGiven(options: RegistryOptions, scopes: Scopes): Promise<string | undefined> {
  const credential = credentialOf(options);
  try {
    return await authorizeAt(options.url, {
      scopes: Object.fromEntries(Object.entries(scopes).map(([name, actions]) => [name, actions.join(",")])),
      ...(credential === undefined ? {} : { credential }),
    });
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    if (code === "RegistryRefused")
      throw new PlatformError("RegistryFailed", message, {
        hint: "Its credential may be out of date: see the Secret that platform-api mounts",
        cause,
      });
    throw new PlatformError("Unavailable", `Cannot reach the registry: ${message}`, {
      hint: "It may be starting: try again",
      cause,
    });
  }
}

function credentialOf({ credentialsFile, host, url }: RegistryOptions): RegistryCredential | undefined {
  if (credentialsFile === undefined) return undefined;
  return readRegistryCredential(credentialsFile, host ?? new URL(url).host);
}
