import { chownSync, readFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ImageBuilderError } from "../errors.ts";
import type { BuiltImage, BuiltLayer, CachedLayer } from "../exchange/messages.ts";
import { packLayer } from "../layer/pack.ts";
import type { ImageConfig } from "../registry/media-types.ts";
import { runStep, StepFailure } from "../steps/run-step.ts";
import { type NodeProject, readProject } from "./package.ts";
import type { PackageManager } from "./package-manager.ts";
import { managerOf, planModules, startCommand } from "./plan.ts";
import type { NodeRuntime } from "./runtime.ts";

export interface NodeBuildOptions {
  source: string;
  base: { digest: string; config: ImageConfig };
  /** Layers are left here. */
  exchange: string;
  /** An empty directory to work in. */
  work: string;
  variables: Readonly<Record<string, string>>;
  log: (line: string) => unknown;
  /** Ends what runs. */
  signal: AbortSignal;
  /** A Node that is not the base's: `variables.PATH` begins with its directory. */
  runtime?: NodeRuntime | undefined;
  /** Asks for a layer that an earlier build made. */
  cached: (key: string) => Promise<CachedLayer | undefined>;
}

/** The user that steps and application run as: never root. */
export const UID = 1000;
const APP = "app";
const KEPT_OUT = new Set([".git", "node_modules"]);
/** Notes of package managers for themselves, some with the time of day. */
const NOT_PACKED = new Set([
  ".cache",
  ".modules.yaml",
  ".package-lock.json",
  ".pnpm-workspace-state-v1.json",
  ".pnpm-workspace-state.json",
  ".yarn-integrity",
  ".yarn-state.yml",
]);

/** Makes the layers of a Node application over the base image. */
export async function buildNode(options: NodeBuildOptions): Promise<{ image: BuiltImage; message: string }> {
  const { source, base, exchange, log } = options;
  const project = readProject(source);
  const start = startCommand(project);
  log(`start: ${start.command.join(" ")} (${start.why})`);
  const modules = await makeModules(project, options);
  const packed = await packLayer({
    directory: modules.tree,
    prefix: APP,
    file: join(exchange, "app.tar.gz"),
    exclude: (path) => KEPT_OUT.has(path),
  });
  const layers: BuiltLayer[] = [
    ...(options.runtime === undefined ? [] : [await options.runtime.layer(exchange, options.cached)]),
    ...modules.layers,
    { ...packed, file: "app.tar.gz", createdBy: "the application's own files" },
  ];
  return {
    image: { kind: "layers", layers, config: runConfig(base.config, start.command) },
    message: modules.message,
  };
}

interface Modules {
  layers: BuiltLayer[];
  /** The directory with the application's own files. */
  tree: string;
  message: string;
}

async function makeModules(project: NodeProject, options: NodeBuildOptions): Promise<Modules> {
  const runsOn = [options.base.digest, options.runtime?.version].filter((part) => part !== undefined);
  const plan = planModules(project, runsOn.join(" "));
  if (plan.modules === "none")
    return { layers: [], tree: project.directory, message: "It has no dependencies to install" };
  const tree = join(options.work, "app");
  const home = join(options.work, "home");
  await mkdir(home, { recursive: true });
  chownSync(home, UID, UID);
  const { manager } = plan;
  const run = (argv: string[]) => runNpm(argv, { cwd: tree, home, manager, options });
  if (plan.modules === "apart") {
    const found = await options.cached(plan.cacheKey);
    if (found !== undefined) {
      options.log("npm: dependencies are as they were, their layer is used again");
      return {
        layers: [{ ...found, createdBy: "npm, by an earlier build" }],
        tree: project.directory,
        message: "Dependencies used again from an earlier build",
      };
    }
    await mkdir(tree, { recursive: true });
    for (const name of ["package.json", project.lockfile, ".npmrc", ".yarnrc.yml"]) {
      if (name !== undefined)
        await copyFile(join(project.directory, name), join(tree, name)).catch(unlessMissing);
    }
    await own(tree, options);
    const install = manager.install({ development: false });
    await run(install);
    const layer = await packModules(tree, options);
    return {
      layers: layer === undefined ? [] : [{ ...layer, cacheKey: plan.cacheKey }],
      tree: project.directory,
      message: `Dependencies installed by ${shortOf(install)}`,
    };
  }
  await runStep(["cp", "--archive", "--no-target-directory", project.directory, tree], {
    env: options.variables as Record<string, string>,
    log: options.log,
  });
  await own(tree, options);
  await run(manager.install({ development: true }));
  if (plan.build) await run(["npm", "run", "build"]);
  if (Object.keys(project.manifest.devDependencies).length > 0) await run(manager.prune());
  const layer = await packModules(tree, options);
  return {
    layers: layer === undefined ? [] : [layer],
    tree,
    message: plan.build ? "Dependencies installed and the build script run" : "Dependencies installed",
  };
}

/** What runs a program of the user's. */
export type Running = Pick<NodeBuildOptions, "variables" | "log" | "signal" | "runtime">;

/** Installs all that a project is developed and tested with, in a tree that the steps' user owns. */
export async function installForTests(tree: string, home: string, options: Running): Promise<void> {
  const project = readProject(tree);
  const { dependencies, devDependencies, optionalDependencies, workspaces } = project.manifest;
  const wanted = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  if (wanted.length === 0 && workspaces === undefined) return;
  const manager = managerOf(project);
  await runNpm(manager.install({ development: true }), { cwd: tree, home, manager, options });
}

/** npm as a user who is not root, with an environment that holds nothing but what a build needs. */
async function runNpm(
  argv: string[],
  { cwd, home, manager, options }: { cwd: string; home: string; manager: PackageManager; options: Running },
): Promise<void> {
  await options.runtime?.fetch();
  options.log(`$ ${argv.filter((word) => !word.startsWith("--no-")).join(" ")}`);
  try {
    await runStep(argv, {
      cwd,
      uid: UID,
      env: {
        ...options.variables,
        ...manager.env,
        ...registryOf(options.variables),
        HOME: home,
        npm_config_cache: join(home, "npm"),
        npm_config_update_notifier: "false",
      },
      log: options.log,
      signal: options.signal,
    });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    const step = shortOf(argv);
    if (error.killedBy === "SIGKILL")
      throw new ImageBuilderError(
        "OutOfMemory",
        `Cannot finish "${step}": it was killed, most likely because it used more memory than a build has`,
        { cause: error },
      );
    const hint =
      argv[1] === "ci" || argv.includes("--frozen-lockfile") || argv.includes("--immutable")
        ? "If package.json and the lockfile disagree, install anew and commit the lockfile"
        : "Run it in the directory to see it fail there, too";
    throw new ImageBuilderError(
      argv[1] === "run" ? "BuildStepFailed" : "InstallFailed",
      `Cannot finish "${step}": exit code ${error.exitCode ?? "unknown"}`,
      { cause: error, hint },
    );
  }
}

/** "npm ci", "npm run build", "pnpm install" */
function shortOf(argv: readonly string[]): string {
  const at = argv.indexOf("--");
  const words = at < 0 ? argv : argv.slice(at + 1);
  return words.slice(0, words[1] === "run" ? 3 : 2).join(" ");
}

/** pnpm and yarn do not read npm's configuration for the whole system, where the build's registry stands. */
function registryOf({
  npm_config_globalconfig: file,
}: Readonly<Record<string, string>>): Record<string, string> {
  const text = file === undefined ? "" : readFileSync(file, "utf8");
  const registry = /^registry\s*=\s*(\S+)$/m.exec(text)?.[1];
  return registry === undefined
    ? {}
    : { npm_config_registry: registry, YARN_REGISTRY: registry, YARN_NPM_REGISTRY_SERVER: registry };
}

async function packModules(tree: string, { exchange }: NodeBuildOptions): Promise<BuiltLayer | undefined> {
  const directory = join(tree, "node_modules");
  try {
    const packed = await packLayer({
      directory,
      prefix: `${APP}/node_modules`,
      file: join(exchange, "modules.tar.gz"),
      exclude: (path) => NOT_PACKED.has(path),
    });
    return { ...packed, file: "modules.tar.gz", createdBy: "npm" };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Gives a tree to the steps' user. */
export async function own(directory: string, { variables, log }: Running): Promise<void> {
  await runStep(["chown", "--recursive", "--no-dereference", `${UID}:${UID}`, directory], {
    env: variables as Record<string, string>,
    log,
  });
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

function runConfig({ config = {} }: ImageConfig, command: string[]): NonNullable<ImageConfig["config"]> {
  const variables = (config.Env ?? []).filter((entry) => !/^(PATH|NODE_ENV|PORT|HOME)=/.test(entry));
  const path =
    (config.Env ?? []).find((entry) => entry.startsWith("PATH="))?.slice(5) ??
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  return {
    ...config,
    User: `${UID}:${UID}`,
    WorkingDir: `/${APP}`,
    Env: [
      ...variables,
      `PATH=/${APP}/node_modules/.bin:${path}`,
      "NODE_ENV=production",
      "PORT=8080",
      `HOME=/${APP}`,
    ],
    Cmd: command,
    ExposedPorts: { "8080/tcp": {} },
  };
}
