import { readFile } from "node:fs/promises";
import {
  authorizationFor,
  credentialFor,
  dockerConfig,
  type RegistryCredential,
  type RegistryLocation,
  registryLocation,
} from "@jdos/component-base";
import { CliError } from "../errors.ts";
import type { Values } from "./values.ts";

export function locationOf({
  location,
  url,
}: Pick<Values["registry"], "location" | "url">): RegistryLocation {
  return registryLocation({
    registry: location,
    "registry-url": url === "" ? undefined : url,
    "registry-access": "given",
    "registry-credentials": undefined,
  });
}

/** The account for the registry's host in a docker configuration, alone, as text; "" without a file. */
export async function readCredentials({
  location,
  url,
  credentialsFile,
}: Values["registry"]): Promise<string> {
  if (credentialsFile === "") return "";
  const { host } = locationOf({ location, url });
  const text = await readFile(credentialsFile, "utf8").catch((cause) => {
    throw new CliError("ValuesInvalid", `Cannot read the registry's credentials "${credentialsFile}"`, {
      hint: "Name a docker configuration, like ~/.docker/config.json after docker login",
      cause,
    });
  });
  const credential = credentialFor(host, text);
  if (credential !== undefined) return dockerConfig([host], credential);
  throw new CliError(
    "ValuesInvalid",
    `Cannot use the registry's credentials "${credentialsFile}": there is none for "${host}"`,
    { hint: `Add auths["${host}"] with username and password, or log in: docker login ${host}` },
  );
}

export function credentialOf(credentials: string, host: string): RegistryCredential | undefined {
  return credentials === "" ? undefined : credentialFor(host, credentials);
}

const TIMEOUT_MILLIS = 15_000;

/**
 * Whether images can be pushed: begins an upload to the platform's repository and gives it up again.
 * @throws CliError RegistryUnreachable, RegistryRefused
 */
export async function checkPush(registry: Values["registry"], credentials: string): Promise<void> {
  const { host, prefix, url } = locationOf(registry);
  const repository = `${prefix}jdos/platform`;
  const credential = credentialOf(credentials, host);
  const target = `${url}/v2/${repository}/blobs/uploads/`;
  try {
    let response = await post(target);
    if (response.status === 401) {
      const authorization = await authorizationFor(response.headers.get("www-authenticate"), {
        scopes: { [repository]: "pull,push" },
        ...(credential === undefined ? {} : { credential }),
      });
      response = await post(target, authorization);
      if (response.status === 202) return void (await giveUp(response, { url, authorization }));
    } else if (response.status === 202) return void (await giveUp(response, { url }));
    throw refused(
      registry.location,
      `it answers ${response.status} to a push to "${repository}"`,
      credential,
    );
  } catch (error) {
    throw failureOf(error, { registry, url, credential });
  }
}

function post(target: string, authorization?: string): Promise<Response> {
  return fetch(target, {
    method: "POST",
    headers: authorization === undefined ? {} : { authorization },
    signal: AbortSignal.timeout(TIMEOUT_MILLIS),
  });
}

/** An upload that is not given up is cleared by the registry in its own time. */
async function giveUp(
  response: Response,
  { url, authorization }: { url: string; authorization?: string | undefined },
): Promise<void> {
  const location = response.headers.get("location");
  await response.body?.cancel();
  if (location === null) return;
  const headers = authorization === undefined ? {} : { authorization };
  const signal = AbortSignal.timeout(TIMEOUT_MILLIS);
  await fetch(new URL(location, url), { method: "DELETE", headers, signal }).catch(() => {});
}

function refused(location: string, state: string, credential: RegistryCredential | undefined): CliError {
  return new CliError("RegistryRefused", `Cannot push to registry "${location}": ${state}`, {
    hint:
      credential === undefined
        ? "Give its account with --registry-credentials FILE (a docker configuration), and see that the path exists"
        : `See that "${credential.username}" may push there, and that the path exists`,
  });
}

interface Failure {
  registry: Values["registry"];
  url: string;
  credential: RegistryCredential | undefined;
}

function failureOf(error: unknown, { registry, url, credential }: Failure): unknown {
  const { code, message, cause } = (error ?? {}) as {
    code?: string;
    message?: string;
    cause?: { code?: string; message?: string };
  };
  if (error instanceof CliError) return error;
  if (code === "RegistryRefused") return refused(registry.location, message ?? "", credential);
  const why = cause?.code ?? cause?.message ?? message ?? String(error);
  return new CliError(
    "RegistryUnreachable",
    `Cannot reach registry "${registry.location}" at ${url}: ${why}`,
    {
      hint: /SSL|EPROTO|WRONG_VERSION/.test(why)
        ? "If it speaks plain HTTP, say so: --registry-url http://HOST:PORT"
        : "See that it runs and that this machine reaches it; --registry-url names its address where it is another",
      cause: error,
    },
  );
}
