import { readFileSync } from "node:fs";
import { ComponentError } from "../errors.ts";

export interface RegistryCredential {
  username: string;
  password: string;
}

interface Entry {
  username?: string;
  password?: string;
  auth?: string;
}

/**
 * The credential for a registry's host in the text of a docker configuration (`auths`); undefined when it has none.
 * Keys may be hosts, hosts with a path, or URLs, as docker, podman and kubectl write them.
 */
export function credentialFor(host: string, dockerConfig: string): RegistryCredential | undefined {
  let auths: Record<string, Entry> | undefined;
  try {
    auths = (JSON.parse(dockerConfig) as { auths?: Record<string, Entry> }).auths;
  } catch {
    return undefined;
  }
  const entry = auths?.[host] ?? Object.entries(auths ?? {}).find(([key]) => hostOf(key) === host)?.[1];
  if (entry === undefined) return undefined;
  if (entry.username !== undefined && entry.password !== undefined)
    return { username: entry.username, password: entry.password };
  const text = Buffer.from(entry.auth ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").split("/")[0] ?? "";
}

/** The credential for a host in a file. @throws ComponentError InvalidOption when it cannot be read or has none */
export function readRegistryCredential(file: string, host: string): RegistryCredential {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new ComponentError("InvalidOption", `Cannot read the registry's credentials "${file}"`, {
      hint: "Name a docker configuration: the key .dockerconfigjson of a Secret, or ~/.docker/config.json",
      cause,
    });
  }
  const credential = credentialFor(host, text);
  if (credential !== undefined) return credential;
  throw new ComponentError(
    "InvalidOption",
    `Cannot use the registry's credentials "${file}": there is none for "${host}"`,
    { hint: `Add auths["${host}"] to it, with username and password or auth` },
  );
}

/** The docker configuration of one credential under several names of its registry. */
export function dockerConfig(hosts: readonly string[], { username, password }: RegistryCredential): string {
  return dockerConfigOf(Object.fromEntries(hosts.map((host) => [host, { username, password }])));
}

/** The docker configuration of several credentials, by registry. */
export function dockerConfigOf(credentials: Readonly<Record<string, RegistryCredential>>): string {
  const entries = Object.entries(credentials).map(([host, { username, password }]) => {
    const auth = Buffer.from(`${username}:${password}`).toString("base64");
    return [host, { username, password, auth }] as const;
  });
  return JSON.stringify({ auths: Object.fromEntries(entries) });
}

export function basicAuthorization({ username, password }: RegistryCredential): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
