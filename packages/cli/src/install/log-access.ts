import { randomBytes } from "node:crypto";
import type { AccessFiles } from "@jdos/component-base/access-files";
import { readAccount, readText } from "./access-files.ts";
import type { Values } from "./values.ts";

export interface LogKeys {
  /** Gives lines. */
  write: string;
  /** Asks for lines. */
  read: string;
}

/** The keys of the log server as they were, or new ones. */
export function logKeys({ write, read }: Partial<LogKeys>): LogKeys {
  const made = (): string => randomBytes(32).toString("base64url");
  return { write: write ?? made(), read: read ?? made() };
}

/** How the ClickHouse of the logs is logged in to: by what the values name, else as before. */
export async function clickhouseAccess(
  { provider, credentialsFile, caFile }: Values["logs"],
  kept: AccessFiles,
): Promise<AccessFiles> {
  if (provider !== "clickhouse") return {};
  const given = {
    ...(credentialsFile === "" ? {} : await readAccount("logs.credentialsFile", credentialsFile)),
    ...(caFile === "" ? {} : { "ca.crt": await readText("logs.caFile", caFile) }),
  };
  // Files are of the machine that installed.
  return Object.keys(given).length > 0 ? given : kept;
}
