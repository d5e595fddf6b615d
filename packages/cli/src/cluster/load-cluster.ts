import { X509Certificate } from "node:crypto";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type LoadedKubeconfig, loadKubeconfig } from "@jdos/client";
import { CliError } from "../errors.ts";

/** Which cluster a command is about. */
export interface ClusterChoice {
  /** Defaults to the first file of KUBECONFIG, else ~/.kube/config. */
  kubeconfig?: string | undefined;
  /** Defaults to the file's current one. */
  context?: string | undefined;
}

/**
 * Reads the kubeconfig that is meant.
 * @throws ConfigError when it cannot be used, CliError CertificateExpired when its certificates are over
 */
export async function loadCluster(
  { kubeconfig, context }: ClusterChoice,
  variables: NodeJS.ProcessEnv,
  now = new Date(),
): Promise<LoadedKubeconfig> {
  const path = kubeconfig ?? defaultPath(variables);
  const config = await loadKubeconfig({ path, ...(context === undefined ? {} : { context }) });
  refuseExpired(path, config, now);
  return config;
}

function defaultPath({ KUBECONFIG }: NodeJS.ProcessEnv): string {
  const first = KUBECONFIG?.split(delimiter).find((path) => path !== "");
  return first ?? join(homedir(), ".kube", "config");
}

function refuseExpired(path: string, { cert, ca }: LoadedKubeconfig, now: Date): void {
  for (const [what, pem] of [
    ["client certificate", cert],
    ["certificate authority", ca],
  ] as const) {
    const end = pem === undefined ? undefined : endOf(pem);
    if (end === undefined || end > now) continue;
    throw new CliError(
      "CertificateExpired",
      `Cannot use kubeconfig "${path}": its ${what} was valid until ${end.toISOString()}`,
      { hint: "Get a new kubeconfig from who runs the cluster (kubeadm: kubeadm certs renew admin.conf)" },
    );
  }
}

/** When the first certificate of a PEM text ends; what is no certificate is left to TLS to refuse. */
function endOf(pem: string): Date | undefined {
  try {
    return new X509Certificate(pem).validToDate;
  } catch {
    return undefined;
  }
}
