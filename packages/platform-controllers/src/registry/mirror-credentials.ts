import { readFileSync } from "node:fs";
import { credentialFor, type RegistryCredential, type RegistryLocation } from "@jdos/component-base";
import { PlatformError } from "../errors.ts";

/** The accounts of the mirrors' hosts, of the file that has them: of those alone. */
export function mirrorCredentials({
  mirrors = [],
  mirrorCredentialsFile: file,
}: Pick<RegistryLocation, "mirrors" | "mirrorCredentialsFile">): Record<string, RegistryCredential> {
  if (file === undefined) return {};
  const text = read(file);
  const found: Record<string, RegistryCredential> = {};
  for (const { location } of mirrors) {
    const host = location.split("/")[0] ?? "";
    const credential = credentialFor(host, text);
    if (credential !== undefined) found[host] = credential;
  }
  return found;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PlatformError("InvalidOption", `Cannot read the credentials of registry mirrors "${file}"`, {
      hint: "Name a docker configuration, like ~/.docker/config.json after docker login",
      cause,
    });
  }
}
