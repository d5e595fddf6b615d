import type { CallOptions, Client } from "../client.ts";
import { UnsupportedError } from "../errors.ts";
import { readJson } from "./read-json.ts";

/** What /version says. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  /** "v1.20.2" */
  readonly gitVersion: string;
}

/** The oldest Kubernetes that the platform runs on. */
export const OLDEST_KUBERNETES = { major: 1, minor: 20 } as const;

interface VersionInfo {
  major?: string;
  minor?: string;
  gitVersion?: string;
}

/**
 * The version of the cluster's API server.
 * @throws UnsupportedError when what answers does not say
 */
export async function readServerVersion(
  client: Pick<Client, "raw">,
  options: CallOptions = {},
): Promise<ServerVersion> {
  const info = await readJson<VersionInfo | null>(client, { path: "/version", ...options });
  const gitVersion = info?.gitVersion ?? "";
  // Some vendors leave major and minor empty or write "20+".
  const [, gitMajor, gitMinor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  const major = Number.parseInt(info?.major || gitMajor || "", 10);
  const minor = Number.parseInt(info?.minor || gitMinor || "", 10);
  if (Number.isNaN(major) || Number.isNaN(minor))
    throw new UnsupportedError("Cannot learn the cluster's version: /version does not say it", {
      hint: "Check that the address is that of a Kubernetes API server",
    });
  return { major, minor, gitVersion: gitVersion === "" ? `v${major}.${minor}` : gitVersion };
}

/** Whether a version comes before another: isOlder(server, OLDEST_KUBERNETES). */
export function isOlder(
  version: Pick<ServerVersion, "major" | "minor">,
  than: Pick<ServerVersion, "major" | "minor">,
): boolean {
  return version.major === than.major ? version.minor < than.minor : version.major < than.major;
}

/**
 * The cluster's version, when the platform runs on it.
 * @throws UnsupportedError when it is older than OLDEST_KUBERNETES
 */
export async function requireServerVersion(
  client: Pick<Client, "raw">,
  options: CallOptions = {},
): Promise<ServerVersion> {
  const version = await readServerVersion(client, options);
  if (!isOlder(version, OLDEST_KUBERNETES)) return version;
  const oldest = `${OLDEST_KUBERNETES.major}.${OLDEST_KUBERNETES.minor}`;
  throw new UnsupportedError(`Cannot use this cluster: it runs Kubernetes ${version.gitVersion}`, {
    hint: `JDOS needs Kubernetes ${oldest} or newer: upgrade the cluster or choose another`,
  });
}
