import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
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
}

export async function ensureCredentials(directory: string): Promise<Credentials> {
  const [platformToken, nodePassword, retentionPassword, gitServerKey] = await Promise.all([
    ensureToken(join(directory, "platform-token")),
    ensureToken(join(directory, "registry-node-password")),
    ensureToken(join(directory, "registry-retention-password")),
    ensureToken(join(directory, "git-server-key")),
  ]);
  return { platformToken, nodePassword, retentionPassword, gitServerKey };
}

async function ensureToken(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const token = randomBytes(32).toString("base64url");
  await writeSecret(path, `${token}\n`);
  return token;
}
