import { readFile } from "node:fs/promises";
import {
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
