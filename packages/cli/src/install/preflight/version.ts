import type { Client } from "@jdos/client";
import { CliError } from "../../errors.ts";
import { readJson } from "../served-versions.ts";

/** The oldest Kubernetes that the platform runs on. */
const OLDEST_MINOR = 20;

/** What the cluster says it is: "v1.20.2". @throws CliError ClusterTooOld */
export async function checkVersion(client: Client): Promise<string> {
  const version = await readJson<{ major: string; minor: string; gitVersion: string }>(client, "/version");
  const major = Number.parseInt(version.major, 10);
  const minor = Number.parseInt(version.minor, 10);
  if (major > 1 || (major === 1 && minor >= OLDEST_MINOR)) return version.gitVersion;
  throw new CliError(
    "ClusterTooOld",
    `Cannot install: the cluster is Kubernetes ${version.gitVersion}, and 1.${OLDEST_MINOR} is the oldest that serves what the platform uses`,
    { hint: "Upgrade the cluster, or choose another one with --kubeconfig and --context" },
  );
}
