import { ComponentError } from "../errors.ts";
import { basicAuthorization, type RegistryCredential } from "./credentials.ts";
import { askRegistry, textOf } from "./request.ts";

/** Repositories and what is done in them: { "demo/hello": "pull,push" } */
export type RegistryScopes = Readonly<Record<string, string>>;

export interface AuthorizationRequest {
  scopes: RegistryScopes;
  credential?: RegistryCredential;
  signal?: AbortSignal;
}

const MAX_TOKEN_BYTES = 1024 * 1024;

interface Challenge {
  realm: string;
  service?: string;
}

/**
 * The header `authorization` that a registry asks for by its `WWW-Authenticate`: a token of its token service, or
 * the credential itself. Undefined when there is none to give. Source: CNCF distribution, token authentication.
 *
 * @throws ComponentError RegistryRefused; any other Error may pass
 */
export async function authorizationFor(
  challengeHeader: string | undefined,
  request: AuthorizationRequest,
): Promise<string | undefined> {
  const challenge = parseChallenge(challengeHeader);
  if (challenge !== undefined) return fetchToken(challenge, request);
  return request.credential === undefined ? undefined : basicAuthorization(request.credential);
}

/** Asks a registry what it wants to see before anything is sent to it. Undefined: nothing. */
export async function authorizeAt(url: string, request: AuthorizationRequest): Promise<string | undefined> {
  const { status, headers, body } = await askRegistry(new URL("/v2/", url), { signal: request.signal });
  body.resume();
  if (status !== 401) return undefined;
  return authorizationFor(headers["www-authenticate"], request);
}

/** Reads `Bearer realm="...",service="..."`; undefined for any other scheme. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const bearer = /(?:^|,\s*)bearer\s+(.*)$/i.exec(header ?? "")?.[1];
  if (bearer === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const [, key = "", value = ""] of bearer.matchAll(/(\w+)="([^"]*)"/g))
    parameters.set(key.toLowerCase(), value);
  const realm = parameters.get("realm");
  const service = parameters.get("service");
  return realm === undefined ? undefined : { realm, ...(service === undefined ? {} : { service }) };
}

async function fetchToken({ realm, service }: Challenge, request: AuthorizationRequest): Promise<string> {
  const { credential, scopes } = request;
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const [repository, actions] of Object.entries(scopes))
    url.searchParams.append("scope", `repository:${repository}:${actions}`);
  if (credential !== undefined) url.searchParams.set("account", credential.username);
  const answer = await askRegistry(url, {
    authorization: credential === undefined ? undefined : basicAuthorization(credential),
    signal: request.signal,
  });
  const { status } = answer;
  const text = await textOf(answer, MAX_TOKEN_BYTES);
  if (status >= 500 || status === 429) throw new Error(`the token service answered ${status}`);
  if (status < 200 || status > 299)
    throw new ComponentError(
      "RegistryRefused",
      `Cannot get a token from "${url.origin}": it answered ${status}`,
      { hint: "The registry's credential may be out of date" },
    );
  const { token, access_token: accessToken } = JSON.parse(text) as {
    token?: string;
    access_token?: string;
  };
  return `Bearer ${token ?? accessToken ?? ""}`;
}
