import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CommandError, runCommand } from "@jdos/component-base";
import { ImageBuilderError } from "../errors.ts";

/** Node itself is in the base image. */
const IN_BASE = /(^|\/)node_modules\/node-linux-(x64|arm64)$/;

interface LockedPackage {
  /** Only development needs it. */
  dev?: boolean;
}

/**
 * What of a clone the platform needs where it runs: every file that git knows, and of node_modules what is not for
 * development alone. Answers whether a path (of a file or a directory, relative to the clone) is part of it.
 */
export async function platformTree(repository: string): Promise<(path: string) => boolean> {
  const tracked = await trackedFiles(repository);
  const packages = await lockedPackages(repository);
  return (path) => (isInstalled(path) ? isProduction(path, packages) : tracked.has(path));
}

/** The files and the directories on the way to them. */
async function trackedFiles(repository: string): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (const file of (await listFiles(repository)).split("\0")) {
    if (file === "") continue;
    known.add(file);
    for (let at = dirname(file); at !== "." && !known.has(at); at = dirname(at)) known.add(at);
  }
  return known;
}

async function listFiles(repository: string): Promise<string> {
  const git = ["git", "-c", `safe.directory=${repository}`, "-C", repository, "ls-files", "-z"] as const;
  try {
    return (await runCommand([...git])).stdout;
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new ImageBuilderError(
      "InvalidInput",
      `Cannot publish "${repository}": git does not know its files`,
      { cause, hint: "Publish from a clone of the repository" },
    );
  }
}

async function lockedPackages(repository: string): Promise<Readonly<Record<string, LockedPackage>>> {
  try {
    const lock = JSON.parse(await readFile(join(repository, "package-lock.json"), "utf8")) as {
      packages?: Record<string, LockedPackage>;
    };
    return lock.packages ?? {};
  } catch (cause) {
    throw new ImageBuilderError(
      "InvalidInput",
      `Cannot publish "${repository}": its package-lock.json cannot be read`,
      { cause, hint: "Publish from a clone of the repository" },
    );
  }
}

/** The last node_modules on a path, and the name below it: a scope, or a package. */
const INSTALLED = /^(.*\/)?node_modules(?:\/(@[^/]+\/[^/]+|[^/]+))?(?=\/|$)/;

function isInstalled(path: string): boolean {
  return INSTALLED.test(path);
}

function isProduction(path: string, packages: Readonly<Record<string, LockedPackage>>): boolean {
  const [, before = "", name] = INSTALLED.exec(path) ?? [];
  if (name === undefined || /^@[^/]+$/.test(name)) return true;
  const key = `${before}node_modules/${name}`;
  const locked = packages[key];
  return locked !== undefined && locked.dev !== true && !IN_BASE.test(key);
}
