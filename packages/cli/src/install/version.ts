import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "./places.ts";

/** Of the tree this command runs from. */
export async function platformVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(REPOSITORY, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
