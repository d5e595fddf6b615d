import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { newSigningKey } from "@jdos/component-base/attestation";
import { writeSecret } from "../pki/key-files.ts";

/** Secrets made once for a data directory, each a file that only root reads. */
export interface Credentials {
  /** The local administrator at the platform API, and "admin" at the registry. */
  readonly platformToken: string;
  /** User "node" at the registry: may pull everything. */
  readonly nodePassword: string;
  /** User "retention" at the registry: may read and delete what applications pushed. */
  readonly retentionPassword: string;
  /** Signing secrets of webhooks are made of it. */
  readonly gitServerKey: string;
  /** Give lines to the log server, and ask for them. */
  readonly logKeys: { readonly write: string; readonly read: string };
  /** Images are signed with it: a private key, PEM. No Pod has it. */
  readonly signingKey: string;
  /** User "jdos" at Prometheus. */
  readonly metricsPassword: string;
}

export async function ensureCredentials(directory: string): Promise<Credentials> {
  const [
    platformToken,
    nodePassword,
    retentionPassword,
    gitServerKey,
    write,
    read,
    signingKey,
    metricsPassword,
  ] = await Promise.all([
    ensureToken(join(directory, "platform-token")),
    ensureToken(join(directory, "registry-node-password")),
    ensureToken(join(directory, "registry-retention-password")),
    ensureToken(join(directory, "git-server-key")),
    ensureToken(join(directory, "log-write-key")),
    ensureToken(join(directory, "log-read-key")),
    ensureSecret(join(directory, "image-signing-key"), () => newSigningKey().trim()),
    ensureToken(join(directory, "metrics-password")),
  ]);
  return {
    platformToken,
    nodePassword,
    retentionPassword,
    gitServerKey,
    logKeys: { write, read },
    signingKey,
    metricsPassword,
  };
}

function ensureToken(path: string): Promise<string> {
  return ensureSecret(path, () => randomBytes(32).toString("base64url"));
}

async function ensureSecret(path: string, make: () => string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const secret = make();
  await writeSecret(path, `${secret}\n`);
  return secret;
}
