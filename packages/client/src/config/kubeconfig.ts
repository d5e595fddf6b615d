import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError } from "../errors.ts";
import type { HttpClientOptions } from "../http/http-client.ts";

interface ClusterEntry {
  server?: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "insecure-skip-tls-verify"?: boolean;
  "tls-server-name"?: string;
  "proxy-url"?: string;
}

interface UserEntry {
  token?: string;
  tokenFile?: string;
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  as?: string;
  "as-groups"?: string[];
  exec?: object;
  "auth-provider"?: object;
  username?: string;
}

interface Kubeconfig {
  "current-context"?: string;
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
  clusters?: { name: string; cluster: ClusterEntry }[];
  users?: { name: string; user: UserEntry }[];
}

export interface LoadKubeconfigOptions {
  path: string;
  /** Defaults to the file's current-context. */
  context?: string;
}

export interface LoadedKubeconfig extends HttpClientOptions {
  /** The context's namespace; "default" when it names none. */
  namespace: string;
}

/**
 * Reads a kubeconfig file as the options of createHttpClient. Paths in it are relative to the file.
 * @throws ConfigError when the file, the context or a credential it needs cannot be used
 */
export async function loadKubeconfig({ path, context }: LoadKubeconfigOptions): Promise<LoadedKubeconfig> {
  const config = await readConfig(path);
  const name = context ?? config["current-context"] ?? "";
  const chosen = config.contexts?.find((entry) => entry.name === name)?.context;
  if (chosen === undefined) {
    throw new ConfigError(`Cannot use kubeconfig "${path}": no context "${name}"`, {
      hint: `Choose one of: ${(config.contexts ?? []).map((entry) => entry.name).join(", ") || "none is defined"}`,
    });
  }
  const cluster = config.clusters?.find((entry) => entry.name === chosen.cluster)?.cluster;
  const user = config.users?.find((entry) => entry.name === chosen.user)?.user ?? {};
  if (cluster?.server === undefined) {
    throw new ConfigError(`Cannot use kubeconfig "${path}": cluster "${chosen.cluster}" has no server`, {
      hint: "Add clusters[].cluster.server",
    });
  }
  refuseUnserved(path, { cluster, user });
  const part = partReader(path);
  const [ca, cert, key] = await Promise.all([
    part(cluster["certificate-authority-data"], cluster["certificate-authority"]),
    part(user["client-certificate-data"], user["client-certificate"]),
    part(user["client-key-data"], user["client-key"]),
  ]);
  return {
    server: cluster.server,
    ca: ca.text,
    caFile: ca.file,
    cert: cert.text,
    certFile: cert.file,
    key: key.text,
    keyFile: key.file,
    ...(user.tokenFile === undefined
      ? { token: user.token }
      : tokenOf(resolve(dirname(path), user.tokenFile))),
    serverName: cluster["tls-server-name"],
    insecureSkipVerify: cluster["insecure-skip-tls-verify"],
    impersonate: user.as === undefined ? undefined : { name: user.as, groups: user["as-groups"] },
    namespace: chosen.namespace ?? "default",
  };
}

async function readConfig(path: string): Promise<Kubeconfig> {
  try {
    const { parse } = await import("yaml");
    return (parse(await readFile(path, "utf8")) as Kubeconfig | null) ?? {};
  } catch (cause) {
    throw new ConfigError(
      `Cannot read kubeconfig "${path}": ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: "Check the path and that the file is YAML",
        cause,
      },
    );
  }
}

function refuseUnserved(path: string, { cluster, user }: { cluster: ClusterEntry; user: UserEntry }): void {
  const unserved = [
    user.exec && "users[].user.exec",
    user["auth-provider"] && "users[].user.auth-provider",
    user.username && "users[].user.username",
    cluster["proxy-url"] && "clusters[].cluster.proxy-url",
  ].find(Boolean);
  if (unserved === undefined) return;
  throw new ConfigError(`Cannot use kubeconfig "${path}": ${unserved} is not served`, {
    hint: "Use a client certificate or a token",
  });
}

/** A certificate or key: its text as it is now, and its file where it has one, for others may renew it. */
interface Part {
  text?: string;
  file?: string;
}

function partReader(path: string): (data: string | undefined, file: string | undefined) => Promise<Part> {
  return async (data, file) => {
    if (data !== undefined) return { text: Buffer.from(data, "base64").toString("utf8") };
    if (file === undefined) return {};
    const full = resolve(dirname(path), file);
    try {
      return { text: await readFile(full, "utf8"), file: full };
    } catch (cause) {
      throw new ConfigError(`Cannot use kubeconfig "${path}": cannot read "${full}"`, {
        hint: "Check the path",
        cause,
      });
    }
  };
}

/** A token that others renew, for createHttpClient and for who shows it elsewhere. */
export function tokenOf(tokenFile: string): Required<Pick<LoadedKubeconfig, "token" | "tokenFile">> {
  return { tokenFile, token: async () => (await readFile(tokenFile, "utf8")).trim() };
}
