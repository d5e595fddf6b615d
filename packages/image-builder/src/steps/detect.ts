import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { ApplicationBuild } from "@jdos/api";
import { ImageBuilderError } from "../errors.ts";

export type Detected =
  | { kind: "dockerfile"; dockerfile: string; sentence: string }
  | { kind: "node"; sentence: string };

/** Decides how a source becomes an image, and says why in a sentence. */
export function detect(directory: string, { dockerfile, stack }: ApplicationBuild = {}): Detected {
  if (dockerfile !== undefined)
    return {
      kind: "dockerfile",
      dockerfile: checked(directory, dockerfile),
      sentence: `dockerfile: ${dockerfile}, as the application says`,
    };
  if (stack === "node") {
    if (!has(directory, "package.json"))
      throw new ImageBuilderError(
        "NothingDetected",
        'Cannot build with stack "node": the source has no package.json',
        { hint: "Add a package.json, or name a Dockerfile" },
      );
    return { kind: "node", sentence: `node: ${nodeFiles(directory)}, as the application says` };
  }
  if (has(directory, "Dockerfile"))
    return {
      kind: "dockerfile",
      dockerfile: "Dockerfile",
      sentence: "dockerfile: the source has a Dockerfile",
    };
  if (has(directory, "package.json"))
    return { kind: "node", sentence: `node: the source has ${nodeFiles(directory)}` };
  throw new ImageBuilderError(
    "NothingDetected",
    "Cannot tell how to build the source: it has neither a Dockerfile nor a package.json",
    { hint: "Add one of them, or name the folder that has it" },
  );
}

/** The lockfile that npm respects, if there is one. */
export function lockfileOf(directory: string): string | undefined {
  return ["npm-shrinkwrap.json", "package-lock.json"].find((name) => has(directory, name));
}

function nodeFiles(directory: string): string {
  const lockfile = lockfileOf(directory);
  return lockfile === undefined ? "package.json" : `package.json with ${lockfile}`;
}

function has(directory: string, name: string): boolean {
  const path = join(directory, name);
  return existsSync(path) && lstatSync(path).isFile();
}

function checked(directory: string, dockerfile: string): string {
  if (dockerfile.startsWith("/") || dockerfile.split("/").includes(".."))
    throw new ImageBuilderError(
      "DockerfileInvalid",
      `Cannot use Dockerfile "${dockerfile}": it lies outside of the source`,
    );
  if (!has(directory, dockerfile))
    throw new ImageBuilderError(
      "NothingDetected",
      `Cannot use Dockerfile "${dockerfile}": the source has no such file`,
    );
  return dockerfile;
}
