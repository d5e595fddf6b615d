/**
 * How a server of somebody else's is logged in to, as files of a directory: a Secret, mounted.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What the files in the directory of an access are called: the keys of a Secret such as jdos-system/metrics-access. */
export const ACCESS_FILES = ["token", "username", "password", "ca.crt"] as const;
export type AccessFiles = Partial<Record<(typeof ACCESS_FILES)[number], string>>;

/** Reads `token`, or `username` and `password`, and `ca.crt` of a directory; each may be missing. */
export function readAccessFiles(directory: string): AccessFiles {
  return Object.fromEntries(
    ACCESS_FILES.flatMap((name) => {
      const text = readIfThere(join(directory, name));
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
