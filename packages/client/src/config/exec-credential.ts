import { dirname, resolve } from "node:path";
import type { CommandError } from "@jdos/component-base";
import { ConfigError } from "../errors.ts";

/** `users[].user.exec` of a kubeconfig. Source: client.authentication.k8s.io, v1beta1 and v1. */
export interface ExecEntry {
  apiVersion?: string;
  command?: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  interactiveMode?: "Never" | "IfAvailable" | "Always";
  provideClusterInfo?: boolean;
}

export interface ExecCredentialOptions {
  exec: ExecEntry;
  /** Of the kubeconfig: a command with a slash is relative to it. */
  path: string;
  /** Of the plug-in, beside its own. */
  env: Readonly<Record<string, string | undefined>>;
  now?: () => Date;
}

export interface ExecCredential {
  cert?: string;
  key?: string;
  /** Runs the plug-in again when the token it gave has expired. */
  token?: () => Promise<string>;
}

interface Given {
  token?: string;
  clientCertificateData?: string;
  clientKeyData?: string;
  expirationTimestamp?: string;
}

const API_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
/** It may ask a service far away. */
const TIMEOUT_SECONDS = 60;
/** A token that ends while a call is under way is of no use. */
const MARGIN_MILLIS = 30_000;

/**
 * Runs the credential plug-in that a kubeconfig names, without a shell and without a terminal.
 * @throws ConfigError when it is missing, fails, or gives no credential
 */
export async function execCredential(options: ExecCredentialOptions): Promise<ExecCredential> {
  const { now = () => new Date() } = options;
  let given = await run(options);
  const { token, clientCertificateData: cert, clientKeyData: key } = given;
  const isOver = ({ expirationTimestamp }: Given): boolean =>
    expirationTimestamp !== undefined && Date.parse(expirationTimestamp) - MARGIN_MILLIS < now().getTime();
  let renewal: Promise<Given> | undefined;
  const renew = async (): Promise<string> => {
    if (isOver(given)) {
      renewal ??= run(options).finally(() => {
        renewal = undefined;
      });
      given = await renewal;
    }
    return given.token ?? "";
  };
  return {
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(token === undefined ? {} : { token: renew }),
  };
}

async function run({ exec, path, env }: ExecCredentialOptions): Promise<Given> {
  const { command = "", args, apiVersion = "", interactiveMode } = exec;
  if (command === "" || !API_VERSIONS.includes(apiVersion))
    throw new ConfigError(
      `Cannot use kubeconfig "${path}": users[].user.exec has no command, or its apiVersion "${apiVersion}" is not served`,
      { hint: `It is one of ${API_VERSIONS.join(", ")}` },
    );
  if (interactiveMode === "Always")
    throw new ConfigError(
      `Cannot use kubeconfig "${path}": its credential plug-in "${command}" asks at a terminal`,
      { hint: "Use a user with a client certificate or a token, such as a ServiceAccount's" },
    );
  const program = command.includes("/") ? resolve(dirname(path), command) : command;
  const { runCommand } = await import("@jdos/component-base");
  const info = { apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  const { stdout } = await runCommand([program, ...(args ?? [])], {
    timeoutSeconds: TIMEOUT_SECONDS,
    env: {
      ...env,
      ...Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    },
  }).catch((cause: CommandError) => {
    throw failureOf({ exec, path }, cause);
  });
  return credentialIn(stdout, { command, path });
}

function credentialIn(text: string, { command, path }: { command: string; path: string }): Given {
  let given: Given | undefined;
  try {
    given = (JSON.parse(text) as { status?: Given }).status;
  } catch {
    // What it said may hold a secret, and is not shown.
  }
  const { token, clientCertificateData, clientKeyData } = given ?? {};
  if (given !== undefined && (token || (clientCertificateData && clientKeyData))) return given;
  throw new ConfigError(
    `Cannot use kubeconfig "${path}": its credential plug-in "${command}" gave neither a token nor a certificate with its key`,
    { hint: "Run it by hand: it may want a login first" },
  );
}

function failureOf(
  { exec, path }: Pick<ExecCredentialOptions, "exec" | "path">,
  cause: CommandError,
): ConfigError {
  const plugIn = `its credential plug-in "${exec.command}"`;
  if (cause.code === "CommandNotFound")
    return new ConfigError(`Cannot use kubeconfig "${path}": ${plugIn} is not installed`, {
      hint:
        exec.installHint?.trim().split("\n")[0] ||
        "Install it, or use a user with a client certificate or a token",
      cause,
    });
  const said = cause.stderr?.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  const how =
    cause.code === "CommandTimeout"
      ? `did not end in ${TIMEOUT_SECONDS} s`
      : `failed${cause.exitCode === undefined ? "" : ` with exit code ${cause.exitCode}`}`;
  return new ConfigError(
    `Cannot use kubeconfig "${path}": ${plugIn} ${how}${said === "" ? "" : `: ${said}`}`,
    {
      hint: "Run it by hand: it may want a login first",
      cause,
    },
  );
}
