import { X509Certificate } from "node:crypto";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { createSecureContext } from "node:tls";
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
  const config = await loadKubeconfig({
    path,
    env: variables,
    ...(context === undefined ? {} : { context }),
  });
  refuseUnusable(path, config);
  refuseExpired(path, config, now);
  return config;
}

function defaultPath({ KUBECONFIG }: NodeJS.ProcessEnv): string {
  const first = KUBECONFIG?.split(delimiter).find((path) => path !== "");
  return first ?? join(homedir(), ".kube", "config");
}

/** What TLS could only refuse in the words of its library. */
function refuseUnusable(path: string, { ca, cert, key }: LoadedKubeconfig): void {
  const refuse = (state: string, cause?: unknown): never => {
    throw new CliError("Config", `Cannot use kubeconfig "${path}": ${state}`, {
      hint: "Get a new kubeconfig from who runs the cluster",
      cause,
    });
  };
  if ((cert === undefined) !== (key === undefined))
    refuse(`its client certificate has no key, or the key no certificate`);
  for (const [what, pem] of Object.entries({ "certificate authority": ca, "client certificate": cert }))
    if (pem !== undefined && certificateOf(pem) === undefined) refuse(`its ${what} is no PEM certificate`);
  try {
    createSecureContext({ ca, cert, key });
  } catch (cause) {
    refuse("its client certificate and key do not belong together, or cannot be read", cause);
  }
}

function refuseExpired(path: string, { cert, ca }: LoadedKubeconfig, now: Date): void {
  for (const [what, pem] of [
    ["client certificate", cert],
    ["certificate authority", ca],
  ] as const) {
    const certificate = pem === undefined ? undefined : certificateOf(pem);
    if (certificate === undefined) continue;
    if (certificate.validFromDate > now)
      throw new CliError(
        "CertificateNotYetValid",
        `Cannot use kubeconfig "${path}": its ${what} is valid from ${certificate.validFromDate.toISOString()} on`,
        { hint: `See this machine's clock (it says ${now.toISOString()}), or get a new kubeconfig` },
      );
    const end = certificate.validToDate;
    if (end > now) continue;
    throw new CliError(
      "CertificateExpired",
      `Cannot use kubeconfig "${path}": its ${what} was valid until ${end.toISOString()}`,
      { hint: "Get a new kubeconfig from who runs the cluster (kubeadm: kubeadm certs renew admin.conf)" },
    );
  }
}

/** The first of a PEM text. */
function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
