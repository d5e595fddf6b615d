import { readFile } from "node:fs/promises";
import {
  credentialFor,
  dockerConfig,
  dockerConfigOf,
  parseMirrors,
  type RegistryCredential,
  type RegistryLocation,
  registryLocation,
} from "@jdos/component-base";
import { CliError } from "../errors.ts";
import type { Values } from "./values.ts";

export function locationOf({
  location,
  url,
  harbor,
}: Pick<Values["registry"], "location" | "url" | "harbor">): RegistryLocation {
  return registryLocation({
    registry: location,
    "registry-url": url === "" ? undefined : url,
    "registry-access": "given",
    "registry-credentials": undefined,
    "registry-harbor": harbor.url === "" ? undefined : harbor.url,
    "registry-harbor-project-prefix": harbor.projectPrefix,
    "registry-harbor-robot-days": harbor.robotDays,
    "registry-harbor-quota": harbor.quota,
  });
}

/** The account for the registry's host in a docker configuration, alone, as text; "" without a file. */
export async function readCredentials({ credentialsFile, ...registry }: Values["registry"]): Promise<string> {
  if (credentialsFile === "") return "";
  const { host } = locationOf(registry);
  return dockerConfig([host], requireCredential(host, await readConfig(credentialsFile)));
}

/** The accounts of mirrors that a docker configuration has, those alone, as text; "" without a file. */
export async function readMirrorCredentials({
  mirrors,
  mirrorCredentialsFile,
}: Values["registry"]): Promise<string> {
  if (mirrorCredentialsFile === "") return "";
  const config = await readConfig(mirrorCredentialsFile);
  const hosts = parseMirrors(mirrors).map(({ url }) => new URL(url).host);
  const found = hosts.map((host) => [host, credentialFor(host, config.text)] as const);
  const credentials = found.filter((each): each is [string, RegistryCredential] => each[1] !== undefined);
  if (credentials.length === 0) requireCredential(hosts[0] ?? "", config);
  return dockerConfigOf(Object.fromEntries(credentials));
}

interface Config {
  file: string;
  text: string;
}

async function readConfig(file: string): Promise<Config> {
  try {
    return { file, text: await readFile(file, "utf8") };
  } catch (cause) {
    throw new CliError("ValuesInvalid", `Cannot read the registry's credentials "${file}"`, {
      hint: "Name a docker configuration, like ~/.docker/config.json after docker login",
      cause,
    });
  }
}

function requireCredential(host: string, { file, text }: Config): RegistryCredential {
  const credential = credentialFor(host, text);
  if (credential !== undefined) return credential;
  throw new CliError(
    "ValuesInvalid",
    `Cannot use the registry's credentials "${file}": there is none for "${host}"`,
    { hint: `Add auths["${host}"] with username and password, or log in: docker login ${host}` },
  );
}

export function credentialOf(credentials: string, host: string): RegistryCredential | undefined {
  return credentials === "" ? undefined : credentialFor(host, credentials);
}
