import { readFile } from "node:fs/promises";
import { dataPaths, readDaemon, readInstance } from "@jdos/component-base/data-directory";
import { instanceNames } from "@jdos/component-base/instance";
import { CliError } from "../errors.ts";
import type { CliEnvironment } from "../options.ts";

export interface Connection {
  /** Base URL; a path in it is kept. */
  url: string;
  /** The person's proof, and what a gateway on the way wants to see. Asked for each request: tokens are renewed. */
  headers(): Promise<Record<string, string | string[]>> | Record<string, string | string[]>;
  /** Of https. */
  tls?: { ca?: string; cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean };
}

/** Where the platform API answers and with which token: from the environment, else of this data directory. */
export async function findConnection(environment: CliEnvironment, dataDir: string): Promise<Connection> {
  const { url, token } = environment;
  if (url !== undefined && token !== undefined) return direct(url, token);
  const instance = await readInstance(dataDir);
  if (instance === undefined) throw notRunning(`the data directory "${dataDir}" has no instance yet`);
  const host = hostOf((await readDaemon(dataDir))?.listenAddress);
  return direct(
    url ?? `http://${host}:${instanceNames(instance).ports.platform}`,
    token ?? (await readToken(dataDir)),
  );
}

function direct(url: string, token: string): Connection {
  return { url, headers: () => ({ authorization: `Bearer ${token}` }) };
}

/** A platform that listens on all addresses is reached on loopback. */
function hostOf(listenAddress: unknown): string {
  if (typeof listenAddress !== "string" || ["", "0.0.0.0", "::"].includes(listenAddress)) return "127.0.0.1";
  return listenAddress.includes(":") ? `[${listenAddress}]` : listenAddress;
}

async function readToken(dataDir: string): Promise<string> {
  const path = dataPaths(dataDir).platformToken;
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw notRunning(`"${path}" does not exist`);
    if (code !== "EACCES") throw error;
    throw new CliError("Forbidden", `Cannot log in: "${path}" is not readable for this user`, {
      hint: "Run the command as root, or give a token in JDOS_TOKEN and the address in JDOS_URL",
      cause: error,
    });
  }
}

export function notRunning(state: string, cause?: unknown): CliError {
  return new CliError("NotRunning", `Cannot reach the platform: ${state}`, {
    hint: "Start it with: jdos up --detach; or name its data directory with --data-dir",
    cause,
  });
}
