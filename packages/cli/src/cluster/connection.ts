import { Secrets } from "@jdos/api";
import { PROOF_HEADER } from "@jdos/api/platform-api";
import { isStatus } from "@jdos/apimachinery";
import { createHttpClient, type LoadedKubeconfig } from "@jdos/client";
import { CliError } from "../errors.ts";
import type { CliEnvironment } from "../options.ts";
import type { Connection } from "../platform/connection.ts";
import { clusterFailure } from "./failures.ts";
import { type ClusterChoice, loadCluster } from "./load-cluster.ts";
import { PLATFORM_NAMESPACE, PLATFORM_PROXY_PATH } from "./names.ts";

/**
 * The platform API behind a cluster's API server. The person's proof is the kubeconfig's token; a kubeconfig with a
 * client certificate shows the administrator's token, which its owner must be allowed to read.
 */
export async function findClusterConnection(
  choice: ClusterChoice,
  environment: Pick<CliEnvironment, "token" | "variables">,
): Promise<Connection> {
  const config = await loadCluster(choice, environment.variables);
  const own = config.impersonate === undefined ? config.token : undefined;
  const proof = environment.token ?? own ?? (await readAdministratorToken(config));
  return {
    url: `${config.server.replace(/\/$/, "")}${PLATFORM_PROXY_PATH}`,
    tls: tlsOf(config),
    async headers() {
      return {
        ...impersonationOf(config),
        ...(config.token === undefined ? {} : { authorization: `Bearer ${await textOf(config.token)}` }),
        [PROOF_HEADER]: `Bearer ${await textOf(proof)}`,
      };
    },
  };
}

type Token = NonNullable<LoadedKubeconfig["token"]>;

async function textOf(token: Token): Promise<string> {
  return typeof token === "function" ? await token() : token;
}

function impersonationOf({ impersonate }: LoadedKubeconfig): Record<string, string | string[]> {
  if (impersonate === undefined) return {};
  return {
    "impersonate-user": impersonate.name,
    ...(impersonate.groups?.length ? { "impersonate-group": [...impersonate.groups] } : {}),
  };
}

function tlsOf({ ca, cert, key, serverName, insecureSkipVerify }: LoadedKubeconfig): Connection["tls"] {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
  };
}

const SECRET = { namespace: PLATFORM_NAMESPACE, name: "platform-api-admin" };

async function readAdministratorToken(config: LoadedKubeconfig): Promise<string> {
  const client = createHttpClient(config);
  try {
    const secret = await client.get(Secrets, SECRET);
    return Buffer.from(secret.data?.token ?? "", "base64")
      .toString("utf8")
      .trim();
  } catch (error) {
    throw refusalOf(config, error);
  } finally {
    await client.close();
  }
}

function refusalOf({ server }: LoadedKubeconfig, error: unknown): unknown {
  if (isStatus(error, "NotFound")) return notInstalled(server, error);
  if (!isStatus(error, "Forbidden")) return clusterFailure(server, error) ?? error;
  return new CliError(
    "Forbidden",
    `Cannot log in to the platform at ${server}: this kubeconfig has no token and may not read Secret ${SECRET.namespace}/${SECRET.name}`,
    {
      hint: "Use a kubeconfig with a token of a user named in login.users, or ask an administrator for the right to read the Secret",
      cause: error,
    },
  );
}

export function notInstalled(server: string, cause?: unknown): CliError {
  return new CliError(
    "NotInstalled",
    `Cannot reach the platform: JDOS is not installed in the cluster at ${server}`,
    {
      hint: "Install it: jdos install --kubeconfig FILE --registry HOST/PATH; what an install that was broken off left: jdos status --kubeconfig FILE",
      cause,
    },
  );
}
