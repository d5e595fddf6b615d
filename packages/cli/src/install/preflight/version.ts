import { type Client, isOlder, OLDEST_KUBERNETES, readServerVersion } from "@jdos/client";
import { CliError } from "../../errors.ts";

/** What the cluster says it is: "v1.20.2". @throws CliError ClusterTooOld */
export async function checkVersion(client: Client): Promise<string> {
  const version = await readServerVersion(client);
  if (!isOlder(version, OLDEST_KUBERNETES)) return version.gitVersion;
  const { major, minor } = OLDEST_KUBERNETES;
  throw new CliError(
    "ClusterTooOld",
    `Cannot install: the cluster is Kubernetes ${version.gitVersion}, and ${major}.${minor} is the oldest that serves what the platform uses`,
    { hint: "Upgrade the cluster, or choose another one with --kubeconfig and --context" },
  );
}
