import { authorizationFor, type RegistryCredential } from "@jdos/component-base";
import type { CliError } from "../../errors.ts";
import { credentialOf, locationOf } from "../registry.ts";
import type { Values } from "../values.ts";
import { noRegistry, type PushAttempt, pushRefused, unreachable } from "./push-failures.ts";

const TIMEOUT_MILLIS = 15_000;

/**
 * Whether images can be pushed: begins an upload to the platform's repository and gives it up again.
 * @throws CliError RegistryUnreachable, RegistryUntrusted, RegistryRefused, NotARegistry
 */
export async function checkPush(registry: Values["registry"], credentials: string): Promise<void> {
  const { host, prefix, url } = locationOf(registry);
  const attempt: PushAttempt = {
    location: registry.location,
    url,
    repository: `${prefix}jdos/platform`,
    username: credentialOf(credentials, host)?.username,
  };
  try {
    const refusal = await tryPush(attempt, credentialOf(credentials, host));
    if (refusal === undefined) return;
    throw refusal;
  } catch (error) {
    throw unreachable(attempt, error);
  }
}

async function tryPush(
  attempt: PushAttempt,
  credential: RegistryCredential | undefined,
): Promise<CliError | undefined> {
  const target = `${attempt.url}/v2/${attempt.repository}/blobs/uploads/`;
  const first = await send(target);
  if (first.status === 202) return giveUp(first, { url: attempt.url });
  if (first.status !== 401) return refusalOf(attempt, first);
  const challenge = first.headers.get("www-authenticate") ?? undefined;
  await first.body?.cancel();
  const authorization = await authorizationFor(challenge, {
    scopes: { [attempt.repository]: "pull,push" },
    signal: AbortSignal.timeout(TIMEOUT_MILLIS),
    ...(credential === undefined ? {} : { credential }),
  });
  if (authorization === undefined) return pushRefused(attempt, "login");
  const second = await send(target, authorization);
  if (second.status === 202) return giveUp(second, { url: attempt.url, authorization });
  // Basic is the account itself; a token was given to the account, and says what it may.
  if (second.status !== 401) return refusalOf(attempt, second);
  if (credential === undefined) return pushRefused(attempt, "login");
  return pushRefused(attempt, authorization.startsWith("Bearer ") ? "rights" : "account");
}

async function refusalOf(attempt: PushAttempt, response: Response): Promise<CliError> {
  if (response.status === 403) return pushRefused(attempt, "rights");
  const body = (await response.text()).trim();
  if (/HTTP request to an HTTPS server/i.test(body)) return noRegistry(attempt, "it speaks TLS");
  if (!(await isRegistry(attempt.url))) return noRegistry(attempt, `HTTP ${response.status}`);
  return pushRefused(attempt, response.status === 404 ? "path" : `HTTP ${response.status}`);
}

/** What every registry answers, whoever asks. Source: OCI distribution specification, end-1. */
async function isRegistry(url: string): Promise<boolean> {
  const response = await send(`${url}/v2/`, undefined, "GET");
  await response.body?.cancel();
  const { headers, status } = response;
  if (headers.get("docker-distribution-api-version") !== null) return true;
  return status === 401 || (status === 200 && !/html/.test(headers.get("content-type") ?? ""));
}

function send(target: string, authorization?: string, method = "POST"): Promise<Response> {
  return fetch(target, {
    method,
    headers: authorization === undefined ? {} : { authorization },
    signal: AbortSignal.timeout(TIMEOUT_MILLIS),
  });
}

/** An upload that is not given up is cleared by the registry in its own time. */
async function giveUp(
  response: Response,
  { url, authorization }: { url: string; authorization?: string | undefined },
): Promise<undefined> {
  const location = response.headers.get("location");
  await response.body?.cancel();
  if (location === null) return;
  await send(new URL(location, url).href, authorization, "DELETE").then(
    (answer) => answer.body?.cancel(),
    () => {},
  );
}
