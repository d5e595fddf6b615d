import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildSecret } from "@jdos/api/builder";
import { ImageBuilderError } from "../errors.ts";

/** Below the directory of secrets: <name>/value. Only root reads it, so that steps see a secret only where they ask for it. */
const FILE = "value";
/** Shorter values would take words out of every line. */
const MIN_REDACTED = 4;

export interface MountedSecret {
  name: string;
  file: string;
}

/** The secrets that a build names, as they are mounted. */
export function mountedSecrets(directory: string, secrets: readonly BuildSecret[] = []): MountedSecret[] {
  return secrets.map(({ name, secret }) => {
    const file = join(directory, name, FILE);
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) || !existsSync(file))
      throw new ImageBuilderError(
        "SecretMissing",
        `Cannot give the build its secret "${name}": Secret "${secret.name}" has no key "${secret.key}"`,
        { hint: "Make it in the system's Namespace, or correct build.secrets" },
      );
    return { name, file };
  });
}

/** Takes the values of secrets out of what is written down. */
export function redactor(secrets: readonly MountedSecret[]): (line: string) => string {
  return redactorOf(secrets.map(({ file }) => readFileSync(file, "utf8")));
}

/** The same of texts, each line of them by itself. */
export function redactorOf(texts: readonly string[]): (line: string) => string {
  const values = texts
    .flatMap((text) => text.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_REDACTED)
    // A value may be a part of a longer one.
    .sort((a, b) => b.length - a.length);
  return (line) => values.reduce((text, value) => text.replaceAll(value, "***"), line);
}
