import { existsSync } from "node:fs";
import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isNearlyFull } from "../steps/disk-guard.ts";
import { runStep, StepFailure } from "../steps/run-step.ts";

export interface StorageOptions {
  /** An empty directory of this build. */
  work: string;
  /** A directory that the builds of one system share, and nobody else. Absent: nothing is kept. */
  cache?: string;
  env: Readonly<Record<string, string>>;
  /** What is kept at most. Defaults to 20 GiB. */
  maxBytes?: number;
}

/** Where buildah keeps images, layers and cache mounts. */
export interface BuildStorage {
  /** Variables that tell buildah of it. */
  readonly env: Readonly<Record<string, string>>;
  /** True: later builds find the layers of this one. */
  readonly isKept: boolean;
  /** A command that uses the storage, so that nobody clears it meanwhile. */
  using(argv: readonly string[]): string[];
  /** Removes what a build that failed was working in, which is kept with the layers and counted nowhere. */
  abandon(): Promise<void>;
  /** Removes what is kept when the disk is nearly full, or when it is too large, unless another build uses it. */
  settle(): Promise<void>;
}

const DEFAULT_MAX_BYTES = 20 * 1024 ** 3;
/** Steps that are kept; each is an image to buildah, which looks through all of them. */
const MAX_IMAGES = 2000;
/** flock's exit code when somebody else builds. */
const BUSY = 75;
/** Where buildah keeps cache mounts below TMPDIR. Source: buildah 1.28, internal/parse. */
const CACHE_MOUNTS = "buildah-cache";

/**
 * Opens the storage of a build. Layers may be shared by builds that run at the same time, which buildah's own locks
 * allow. Mounts (`runroot`) and working containers are this build's own: buildah keeps a step's secrets with its
 * container, and what a killed build leaves of them must not be in what is kept.
 */
export async function openStorage(options: StorageOptions): Promise<BuildStorage> {
  const { work, cache, maxBytes = DEFAULT_MAX_BYTES } = options;
  const root = cache ?? work;
  const mounts = join(root, "mounts");
  await mkdir(mounts, { recursive: true, mode: 0o700 });
  await symlink(mounts, join(work, CACHE_MOUNTS));
  const configuration = join(work, "storage.conf");
  const env = { ...options.env, TMPDIR: work, CONTAINERS_STORAGE_CONF: configuration };
  const driver = await chooseDriver({ root, work, configuration, env });
  if (cache !== undefined)
    await moveContainers(join(root, driver, `${driver}-containers`), join(work, "containers"));
  const lock = join(root, "lock");
  const flock = (how: string[], argv: readonly string[]): string[] =>
    cache === undefined ? [...argv] : ["flock", ...how, lock, ...argv];
  const alone = (argv: readonly string[]): Promise<void> =>
    exclusively(flock(["--exclusive", "--nonblock", `--conflict-exit-code=${BUSY}`], argv), env);
  return {
    env,
    isKept: cache !== undefined,
    using: (argv) => flock(["--shared"], argv),
    abandon: async () => {
      const remove = [...flock(["--shared"], ["buildah", "rm", "--all"])];
      await runStep(remove, { env, log: () => {}, timeoutSeconds: 60 }).catch(unlessStepFailed);
    },
    settle: async () => {
      if (cache === undefined) return;
      const stored = join(root, driver);
      const images = await readList(join(stored, `${driver}-images/images.json`));
      if (
        (await isNearlyFull(root)) ||
        images.length > MAX_IMAGES ||
        (await sizeOf({ stored, driver, mounts, env })) > maxBytes
      )
        await alone(["rm", "--recursive", "--force", stored, mounts]);
    },
  };
}

interface Choice {
  root: string;
  work: string;
  configuration: string;
  env: Readonly<Record<string, string>>;
}

type Driver = "overlay" | "vfs";

/**
 * Chooses how layers are kept: overlay where the kernel lets a user namespace mount one, else plain copies, which
 * work everywhere and cost a copy of the whole image for each layer. The choice is kept with the layers.
 */
async function chooseDriver({ root, work, configuration, env }: Choice): Promise<Driver> {
  const chosen = join(root, "driver");
  const write = (driver: Driver): Promise<void> =>
    writeFile(
      configuration,
      `[storage]\ndriver = "${driver}"\ngraphroot = "${join(root, driver)}"\nrunroot = "${join(work, "run")}"\n`,
    );
  const known = existsSync(chosen) ? await readFile(chosen, "utf8") : undefined;
  if (known === "overlay" || known === "vfs") {
    await write(known);
    return known;
  }
  await write("overlay");
  const driver = (await answers(env)) ? "overlay" : "vfs";
  if (driver === "vfs") await write(driver);
  // Whole or not at all: another build may read it.
  await writeFile(`${chosen}.${process.pid}`, driver);
  await rename(`${chosen}.${process.pid}`, chosen);
  return driver;
}

async function answers(env: Readonly<Record<string, string>>): Promise<boolean> {
  try {
    await runStep(["buildah", "info"], { env, log: () => {}, timeoutSeconds: 30 });
    return true;
  } catch (error) {
    // On a machine that is too busy to answer nothing is known, and the choice is kept.
    if (!(error instanceof StepFailure) || error.timedOut) throw error;
    return false;
  }
}

/** What cannot be removed now is removed with all that is kept. */
function unlessStepFailed(error: unknown): void {
  if (!(error instanceof StepFailure)) throw error;
}

async function exclusively(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  try {
    await runStep(argv, { env, log: () => {}, timeoutSeconds: 120 });
  } catch (error) {
    // Another build uses it: the last one clears it.
    if (!(error instanceof StepFailure && error.exitCode === BUSY)) throw error;
  }
}

interface Stored {
  stored: string;
  driver: Driver;
  mounts: string;
  env: Readonly<Record<string, string>>;
}

async function sizeOf({ stored, driver, mounts, env }: Stored): Promise<number> {
  const layers = await readList<{ "diff-size"?: number }>(join(stored, `${driver}-layers/layers.json`));
  const inLayers = layers.reduce((sum, layer) => sum + (layer["diff-size"] ?? 0), 0);
  const du = await runStep(["du", "--summarize", "--bytes", mounts], { env, log: () => {} });
  return inLayers + Number.parseInt(du.lines[0] ?? "0", 10);
}

/** Builds of a system share the link, and in each Pod it leads to the Pod's own folder. */
async function moveContainers(link: string, target: string): Promise<void> {
  await mkdir(target, { mode: 0o700 });
  if ((await readlink(link).catch(() => undefined)) === target) return;
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { recursive: true, force: true });
  await symlink(target, link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

async function readList<T>(file: string): Promise<T[]> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T[];
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
