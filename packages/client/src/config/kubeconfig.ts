import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError } from "../errors.ts";
import type { HttpClientOptions } from "../http/http-client.ts";
import { type ExecEntry, execCredential } from "./exec-credential.ts";

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
  exec?: ExecEntry;
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
  /** Of a credential plug-in (users[].user.exec); without it none is run. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface LoadedKubeconfig extends HttpClientOptions {
  /** The context's namespace; "default" when it names none. */
  namespace: string;
}

/**
 * Reads a kubeconfig file as the options of createHttpClient. Paths in it are relative to the file.
 * @throws ConfigError when the file, the context or a credential it needs cannot be used
 */
export async function loadKubeconfig({
  path,
  context,
  env,
}: LoadKubeconfigOptions): Promise<LoadedKubeconfig> {
  const config = await readConfig(path);
  const { cluster, user, namespace } = chooseContext(config, { path, context });
  refuseUnserved(path, { cluster, user, runsPlugIns: env !== undefined });
  const part = partReader(path);
  const tokenFile = user.tokenFile === undefined ? undefined : resolve(dirname(path), user.tokenFile);
  if (tokenFile !== undefined) await part(undefined, tokenFile);
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
    ...(tokenFile === undefined ? { token: user.token } : tokenOf(tokenFile)),
    ...(user.exec === undefined || env === undefined
      ? {}
      : await execCredential({ exec: user.exec, path, env })),
    serverName: cluster["tls-server-name"],
    insecureSkipVerify: cluster["insecure-skip-tls-verify"],
    impersonate: user.as === undefined ? undefined : { name: user.as, groups: user["as-groups"] },
    namespace,
  };
}

interface Chosen {
  cluster: ClusterEntry & { server: string };
  user: UserEntry;
  namespace: string;
}

function chooseContext(config: Kubeconfig, { path, context }: LoadKubeconfigOptions): Chosen {
  const refuse = (state: string, hint: string): never => {
    throw new ConfigError(`Cannot use kubeconfig "${path}": ${state}`, { hint });
  };
  const name = context ?? config["current-context"] ?? "";
  const { contexts = [], clusters = [], users = [] } = config;
  const chosen = contexts.find((entry) => entry.name === name)?.context;
  if (chosen === undefined) {
    const names = contexts.map((entry) => entry.name).join(", ");
    return refuse(
      name === "" ? "it has no current context" : `no context "${name}"`,
      names === ""
        ? "It defines no context at all: get a new kubeconfig from who runs the cluster"
        : `Choose one of: ${names}`,
    );
  }
  const cluster = clusters.find((entry) => entry.name === chosen.cluster)?.cluster;
  if (cluster?.server === undefined)
    return refuse(`cluster "${chosen.cluster}" has no server`, "Add clusters[].cluster.server");
  if (!/^https?:$/.test(URL.parse(cluster.server)?.protocol ?? ""))
    return refuse(
      `server "${cluster.server}" of cluster "${chosen.cluster}" is no address`,
      "It begins with https://, as in https://10.0.0.1:6443",
    );
  const user = users.find((entry) => entry.name === chosen.user)?.user;
  if (user === undefined && (chosen.user ?? "") !== "")
    return refuse(
      `context "${name}" names user "${chosen.user}", which it does not define`,
      `Add it under users, or choose another context: ${contexts.map((entry) => entry.name).join(", ")}`,
    );
  return {
    cluster: cluster as Chosen["cluster"],
    user: user ?? {},
    namespace: chosen.namespace ?? "default",
  };
}

async function readConfig(path: string): Promise<Kubeconfig> {
  const { parse } = await import("yaml");
  let config: unknown;
  try {
    config = parse(await readFile(path, "utf8"));
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw new ConfigError(`Cannot read kubeconfig "${path}": ${READ_FAILURES[code] ?? firstLine(message)}`, {
      hint:
        code === "ENOENT"
          ? "Check the path; kubectl's own is ~/.kube/config, or what KUBECONFIG names"
          : "Check that it is a kubeconfig, YAML or JSON, and that this user may read it",
      cause,
    });
  }
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return config;
  throw new ConfigError(
    `Cannot read kubeconfig "${path}": it is ${config === null ? "empty" : "not a kubeconfig"}`,
    {
      hint: "A kubeconfig is YAML with clusters, users, contexts and current-context: get one from who runs the cluster",
    },
  );
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
  EISDIR: "it is a directory",
};

/** A parser shows the place on further lines. */
function firstLine(message: string): string {
  return message.split("\n")[0]!.replace(/:$/, "");
}

function refuseUnserved(
  path: string,
  { cluster, user, runsPlugIns }: Pick<Chosen, "cluster" | "user"> & { runsPlugIns: boolean },
): void {
  const unserved = [
    !runsPlugIns && user.exec && "users[].user.exec",
    user["auth-provider"] && "users[].user.auth-provider",
    user.username && "users[].user.username",
    cluster["proxy-url"] && "clusters[].cluster.proxy-url",
  ].find(Boolean);
  if (unserved === undefined) return;
  throw new ConfigError(`Cannot use kubeconfig "${path}": ${unserved} is not served`, {
    hint: "Use a user with a client certificate or a token, such as a ServiceAccount's",
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
      throw unreadablePart(path, { full, cause });
    }
  };
}

function unreadablePart(path: string, { full, cause }: { full: string; cause: unknown }): ConfigError {
  const { code = "" } = cause as NodeJS.ErrnoException;
  const why = READ_FAILURES[code] ?? "it cannot be read";
  return new ConfigError(`Cannot use kubeconfig "${path}": it names the file "${full}", but ${why}`, {
    hint: "Put the file there, or take a kubeconfig that holds what it needs (kubectl config view --flatten --raw)",
    cause,
  });
}

/** A token that others renew, for createHttpClient and for who shows it elsewhere. */
export function tokenOf(tokenFile: string): Required<Pick<LoadedKubeconfig, "token" | "tokenFile">> {
  return { tokenFile, token: async () => (await readFile(tokenFile, "utf8")).trim() };
}
