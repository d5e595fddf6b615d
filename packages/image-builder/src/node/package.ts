import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ImageBuilderError } from "../errors.ts";
import { type Lockfile, lockfileOf } from "./lockfile.ts";

/** What a build reads of a package.json. */
export interface NodePackage {
  name?: string;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  overrides?: unknown;
  workspaces?: unknown;
  engines?: { node?: string };
  packageManager?: string;
}

export interface NodeProject {
  directory: string;
  manifest: NodePackage;
  lockfile?: Lockfile;
  /** The command of a Procfile's web process. */
  procfileWeb?: string;
  hasServerFile: boolean;
}

/** Reads a Node project. */
export function readProject(directory: string): NodeProject {
  const lockfile = lockfileOf(directory);
  const procfile = join(directory, "Procfile");
  const web = existsSync(procfile)
    ? /^web:\s*(.+)$/m.exec(readFileSync(procfile, "utf8"))?.[1]?.trim()
    : undefined;
  return {
    directory,
    manifest: parsePackage(readFileSync(join(directory, "package.json"), "utf8")),
    ...(lockfile === undefined ? {} : { lockfile }),
    ...(web === undefined ? {} : { procfileWeb: web }),
    hasServerFile: existsSync(join(directory, "server.js")),
  };
}

function parsePackage(text: string): NodePackage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ImageBuilderError("InvalidPackage", `Cannot read package.json: ${(error as Error).message}`, {
      cause: error,
      hint: "Correct its JSON",
    });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new ImageBuilderError("InvalidPackage", "Cannot read package.json: it is no JSON object");
  const {
    name,
    scripts,
    dependencies,
    devDependencies,
    optionalDependencies,
    overrides,
    workspaces,
    engines,
    packageManager,
  } = value as Partial<NodePackage>;
  return {
    ...(name === undefined ? {} : { name }),
    scripts: scripts ?? {},
    dependencies: dependencies ?? {},
    devDependencies: devDependencies ?? {},
    optionalDependencies: optionalDependencies ?? {},
    ...(overrides === undefined ? {} : { overrides }),
    ...(workspaces === undefined ? {} : { workspaces }),
    ...(engines === undefined ? {} : { engines }),
    ...(typeof packageManager === "string" ? { packageManager } : {}),
  };
}
