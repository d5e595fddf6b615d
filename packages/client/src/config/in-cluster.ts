import { readFile } from "node:fs/promises";
import { ConfigError } from "../errors.ts";
import { type LoadedKubeconfig, tokenOf } from "./kubeconfig.ts";

export interface InClusterOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** Defaults to where the kubelet mounts the service account. */
  directory?: string;
}

/** A cluster is shared: less than a client on the machine itself may ask. */
const QUERIES_PER_SECOND = 100;

const DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The options of createHttpClient for a process in a Pod: its service account's token, which the kubelet renews, and
 * the API server's address.
 * @throws ConfigError outside a Pod
 */
export async function loadInClusterConfig({
  env,
  directory = DIRECTORY,
}: InClusterOptions): Promise<LoadedKubeconfig> {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (!host || !port) {
    throw new ConfigError(
      "Cannot find the Kubernetes API: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
      {
        hint: "Run in a Pod, or give a kubeconfig",
      },
    );
  }
  try {
    const [ca, namespace] = await Promise.all(
      ["ca.crt", "namespace", "token"].map((name) => readFile(`${directory}/${name}`, "utf8")),
    );
    return {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      ca,
      caFile: `${directory}/ca.crt`,
      ...tokenOf(`${directory}/token`),
      queriesPerSecond: QUERIES_PER_SECOND,
      namespace: namespace!.trim(),
    };
  } catch (cause) {
    throw new ConfigError(`Cannot read the service account in "${directory}"`, {
      hint: "Set automountServiceAccountToken: true on the Pod or its service account",
      cause,
    });
  }
}
