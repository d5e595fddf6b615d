import { readFile } from "node:fs/promises";
import type { AccessFiles } from "@jdos/component-base/access-files";
import { CliError } from "../errors.ts";
import { invalid } from "./values.ts";

/** The account in a file that a setting names: one line, USER:PASSWORD. @throws CliError ValuesInvalid */
export async function readAccount(setting: string, path: string): Promise<AccessFiles> {
  const text = (await readText(setting, path)).trim();
  const [, username, password] = /^([^:\n]+):([^\n]+)$/.exec(text) ?? [];
  if (username === undefined || password === undefined)
    throw invalid(setting, "its text is not of its form", "It is one line, USER:PASSWORD");
  return { username, password };
}

/** The text of a file that a setting names. @throws CliError ValuesInvalid */
export async function readText(setting: string, path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: Error) => {
    throw new CliError("ValuesInvalid", `Cannot use values: ${setting}: ${cause.message}`, {
      hint: "Name a file that this user may read",
      cause,
    });
  });
}
