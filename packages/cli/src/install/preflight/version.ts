import { isStatus } from "@jdos/apimachinery";
import { type Client, ClientError, isOlder, OLDEST_KUBERNETES, readServerVersion } from "@jdos/client";
import { gatewayFailure, isGatewayStatus, notKubernetes } from "../../cluster/failures.ts";
import { CliError } from "../../errors.ts";

const TIMEOUT_SECONDS = 15;

export interface CheckedCluster {
  client: Pick<Client, "raw">;
  server: string;
  signal: AbortSignal;
}

/**
 * What the cluster says it is: "v1.20.2". The first question of a command, so it also finds out whether a Kubernetes
 * answers at all.
 * @throws CliError ClusterTooOld, NotKubernetes, ClusterUnreachable; what the client throws of connections may pass
 */
export async function checkVersion({ client, server, signal }: CheckedCluster): Promise<string> {
  const late = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
  const version = await readServerVersion(client, { signal: AbortSignal.any([signal, late]) }).catch(
    (cause: unknown) => {
      signal.throwIfAborted();
      throw late.aborted ? silent(server, cause) : strange(server, cause);
    },
  );
  if (!isOlder(version, OLDEST_KUBERNETES)) return version.gitVersion;
  const { major, minor } = OLDEST_KUBERNETES;
  throw new CliError(
    "ClusterTooOld",
    `Cannot use the cluster at ${server}: it is Kubernetes ${version.gitVersion}, and ${major}.${minor} is the oldest that serves what the platform uses`,
    { hint: "Upgrade the cluster, or choose another one with --kubeconfig and --context" },
  );
}

function silent(server: string, cause: unknown): CliError {
  return new CliError(
    "ClusterUnreachable",
    `Cannot reach the cluster at ${server}: it does not answer in ${TIMEOUT_SECONDS} s`,
    {
      hint: "See that it runs, that the address in the kubeconfig is right, and that this machine may reach it",
      cause,
    },
  );
}

/** Every Kubernetes answers this question, or says who may not ask. */
function strange(server: string, error: unknown): unknown {
  if (error instanceof ClientError && error.code === "Unsupported")
    return notKubernetes(server, "it does not say its version", error);
  if (!isStatus(error) || error.code === 401 || error.code === 403) return error;
  return isGatewayStatus(error.code)
    ? gatewayFailure(server, error.code, error)
    : notKubernetes(server, `HTTP ${error.code}`, error);
}
