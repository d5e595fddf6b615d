import type { Lockfile } from "./lockfile.ts";

/** What installs a project's modules: chosen by its lockfile. Commands are whole, without a shell. */
export interface PackageManager {
  name: "npm" | "pnpm" | "yarn";
  /** Installs what the lockfile says; without development: only what is needed to run. */
  install(options: InstallOptions): string[];
  /** Runs the scripts of modules that were installed without. */
  rebuild(): string[];
  /** Takes away what only development needs. */
  prune(): string[];
  /** Beside the environment of a build. */
  env: Readonly<Record<string, string>>;
}

export interface InstallOptions {
  development: boolean;
  /** False: no module's own script runs, and none of the project's, whose files may not be there. */
  scripts?: boolean;
}

export interface ManagerFacts {
  lockfile?: Lockfile;
  /** The text of the lockfile. */
  lock: string;
  /** The member packageManager of package.json: "pnpm@9.1.0+sha512.abc" */
  packageManager?: string;
}

const IGNORE_SCRIPTS = "--ignore-scripts";
const NPM_REBUILD = ["npm", "rebuild", "--no-audit", "--no-update-notifier"];
const QUIET = ["--no-audit", "--no-fund", "--no-update-notifier", "--no-progress"];

/** Chooses by the lockfile; the version by package.json, else the one that the lockfile's format is of. */
export function packageManagerOf(facts: ManagerFacts): PackageManager {
  if (facts.lockfile === "pnpm-lock.yaml") return pnpm(facts);
  if (facts.lockfile === "yarn.lock") return isBerry(facts) ? berry(facts) : classic(facts);
  const verb = facts.lockfile === undefined ? "install" : "ci";
  return {
    name: "npm",
    install: ({ development, scripts = true }) => [
      ...["npm", verb, development ? "--include=dev" : "--omit=dev", ...QUIET],
      ...(scripts ? [] : [IGNORE_SCRIPTS]),
    ],
    rebuild: () => NPM_REBUILD,
    prune: () => ["npm", "prune", "--omit=dev", "--no-audit", "--no-fund", IGNORE_SCRIPTS],
    env: {},
  };
}

function pnpm({ lock, packageManager }: ManagerFacts): PackageManager {
  const format = Number(/^lockfileVersion:\s*'?(\d+)/m.exec(lock)?.[1] ?? 9);
  const command = fetched(
    "pnpm",
    versionOf("pnpm", packageManager) ?? (format < 6 ? "7" : format < 9 ? "8" : "10"),
  );
  return {
    name: "pnpm",
    install: ({ development, scripts = true }) => [
      ...command,
      "install",
      "--frozen-lockfile",
      ...(development ? ["--prod=false"] : ["--prod"]),
      "--reporter=append-only",
      ...(scripts ? [] : [IGNORE_SCRIPTS]),
    ],
    rebuild: () => [...command, "rebuild"],
    prune: () => [...command, "prune", "--prod", IGNORE_SCRIPTS],
    env: {},
  };
}

function classic({ packageManager }: ManagerFacts): PackageManager {
  const command = fetched("yarn", versionOf("yarn", packageManager) ?? "1.22.22");
  const install = [...command, "install", "--frozen-lockfile", "--non-interactive", "--no-progress"];
  return {
    name: "yarn",
    install: ({ development, scripts = true }) => [
      ...install,
      ...(scripts ? [] : [IGNORE_SCRIPTS]),
      `--production=${!development}`,
    ],
    rebuild: () => NPM_REBUILD,
    prune: () => [...install, "--production=true", IGNORE_SCRIPTS, "--prefer-offline"],
    env: {},
  };
}

/** Yarn 2 and newer: an image wants modules in node_modules, where Node looks for them. */
function berry({ packageManager }: ManagerFacts): PackageManager {
  const command = [
    ...["npm", "exec", "--yes", `--package=@yarnpkg/cli-dist@${versionOf("yarn", packageManager) ?? "4"}`],
    ...["--", "yarn"],
  ];
  const production = [...command, "workspaces", "focus", "--all", "--production"];
  return {
    name: "yarn",
    install: ({ development, scripts = true }) =>
      development
        ? [...command, "install", "--immutable", ...(scripts ? [] : ["--mode=skip-build"])]
        : production,
    rebuild: () => [...command, "rebuild"],
    prune: () => production,
    env: {
      YARN_NODE_LINKER: "node-modules",
      YARN_ENABLE_TELEMETRY: "false",
      YARN_ENABLE_GLOBAL_CACHE: "true",
      YARN_IGNORE_PATH: "1",
    },
  };
}

function isBerry({ lock, packageManager }: ManagerFacts): boolean {
  const major = versionOf("yarn", packageManager)?.split(".")[0];
  return major === undefined ? /^__metadata:/m.test(lock) : Number(major) >= 2;
}

/** The image has npm alone, which fetches the others. */
function fetched(name: string, version: string): string[] {
  return ["npm", "exec", "--yes", `--package=${name}@${version}`, "--", name];
}

function versionOf(name: string, packageManager = ""): string | undefined {
  return new RegExp(`^${name}@(\\d+(?:\\.\\d+){0,2})(?:\\+|$)`).exec(packageManager)?.[1];
}
