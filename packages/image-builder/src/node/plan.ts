import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ImageBuilderError } from "../errors.ts";
import { asArgv } from "../stacks/command.ts";
import type { NodeProject } from "./package.ts";
import { type PackageManager, packageManagerOf } from "./package-manager.ts";

/**
 * How the modules come about. `none`: it needs none. `apart`: from package.json and lockfile alone, as a layer
 * that later builds use again. `together`: in the whole source, since scripts of its own have a say.
 */
export type NodePlan =
  | { modules: "none" }
  | { modules: "apart"; manager: PackageManager; cacheKey: string }
  | { modules: "together"; manager: PackageManager; build: boolean };

/** Scripts that npm runs while it installs. */
const INSTALL_SCRIPTS = [
  "preinstall",
  "install",
  "postinstall",
  "prepublish",
  "preprepare",
  "prepare",
  "postprepare",
];
/** Raised when the way modules are installed changes. */
const CACHE_VERSION = 2;

/** Decides how the modules of a project come about. What they run on decides about their layer, too. */
export function planModules(project: NodeProject, runsOn: string): NodePlan {
  const { manifest } = project;
  const manager = managerOf(project);
  const build = manifest.scripts.build !== undefined;
  const ownScripts = INSTALL_SCRIPTS.some((name) => manifest.scripts[name] !== undefined);
  if (build || ownScripts || isOfSeveral(project)) {
    return { modules: "together", manager, build };
  }
  const wanted = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  if (wanted.length === 0 && lockMatches(project)) return { modules: "none" };
  return { modules: "apart", manager, cacheKey: cacheKey(project, runsOn) };
}

/** Who installs the modules of a project. */
export function managerOf({ manifest, lockfile, directory }: NodeProject): PackageManager {
  const { packageManager } = manifest;
  const lock = lockfile === undefined ? "" : readFileSync(join(directory, lockfile), "utf8");
  return packageManagerOf({
    ...(lockfile && { lockfile }),
    ...(packageManager && { packageManager }),
    lock,
  });
}

/** Modules that lie in the source itself: its files are needed to install. */
export function isOfSeveral({ directory, manifest }: NodeProject): boolean {
  const { dependencies, optionalDependencies, devDependencies, workspaces } = manifest;
  const versions = Object.values({ ...devDependencies, ...dependencies, ...optionalDependencies });
  return (
    workspaces !== undefined ||
    existsSync(join(directory, "pnpm-workspace.yaml")) ||
    versions.some((version) => /^(file:|link:|workspace:|\.\.?\/)/.test(version))
  );
}

/** Without dependencies there is nothing that npm would do, unless the lockfile says otherwise: then npm shall say so. */
function lockMatches({ directory, lockfile }: NodeProject): boolean {
  if (lockfile === undefined) return true;
  if (lockfile === "pnpm-lock.yaml" || lockfile === "yarn.lock") return false;
  try {
    const { packages } = JSON.parse(readFileSync(join(directory, lockfile), "utf8")) as {
      packages?: Record<string, { dev?: boolean }>;
    };
    return (
      packages !== undefined &&
      Object.entries(packages).every(([path, entry]) => path === "" || entry.dev === true)
    );
  } catch {
    return false;
  }
}

function cacheKey({ directory, manifest, lockfile }: NodeProject, runsOn: string): string {
  const text = (name: string): string =>
    existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8") : "";
  const { dependencies, devDependencies, optionalDependencies, overrides, engines, packageManager } =
    manifest;
  const decisive = [
    CACHE_VERSION,
    process.arch,
    runsOn,
    dependencies,
    devDependencies,
    optionalDependencies,
    overrides ?? null,
    engines ?? null,
    packageManager ?? null,
    lockfile ?? "",
    lockfile === undefined ? "" : text(lockfile),
    text(".npmrc"),
  ];
  return createHash("sha256").update(JSON.stringify(decisive)).digest("hex").slice(0, 40);
}

/** What starts the application: the Procfile's web process, else `npm start` as npm would do it. */
export function startCommand({ manifest, procfileWeb, hasServerFile }: NodeProject): {
  command: string[];
  why: string;
} {
  if (procfileWeb !== undefined)
    return { command: asArgv(procfileWeb), why: "the web process of its Procfile" };
  const { prestart, start, poststart } = manifest.scripts;
  if (start !== undefined) {
    const chain = [prestart, start, poststart].filter((script) => script !== undefined);
    return {
      command: chain.length === 1 ? asArgv(start) : ["/bin/sh", "-c", chain.join(" && ")],
      why: "its start script",
    };
  }
  if (hasServerFile) return { command: ["node", "server.js"], why: "server.js, for want of a start script" };
  throw new ImageBuilderError(
    "NoStartCommand",
    "Cannot tell how to start it: package.json has no start script, and there is neither a Procfile with a web process nor a server.js",
    { hint: 'Add "scripts": {"start": "node <file>"} to package.json' },
  );
}
