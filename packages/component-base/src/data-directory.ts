import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { ComponentError } from "./errors.ts";
import { type FileLock, lockFile } from "./file-lock.ts";
import { instanceNames, MAX_INSTANCE, RUN_ROOT } from "./instance.ts";

export const DEFAULT_DATA_DIRECTORY = "/var/lib/jdos";

/** Where things lie within a data directory. */
export interface DataPaths {
  readonly root: string;
  readonly instance: string;
  readonly lock: string;
  /** Who holds the lock, and what it says about itself: {pid, ...}. */
  readonly daemon: string;
  /** Administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly pki: string;
  readonly credentials: string;
  readonly platformToken: string;
  readonly containerd: string;
  readonly kubelet: string;
  readonly cni: string;
  readonly logs: string;
}

export function dataPaths(dataDir: string): DataPaths {
  const root = resolve(dataDir);
  const at = (...parts: string[]) => join(root, ...parts);
  return {
    root,
    instance: at("instance.json"),
    lock: at("jdosd.lock"),
    daemon: at("jdosd.json"),
    kubeconfig: at("kubeconfig"),
    pki: at("pki"),
    credentials: at("credentials"),
    platformToken: at("credentials", "platform-token"),
    containerd: at("containerd"),
    kubelet: at("kubelet"),
    cni: at("cni"),
    logs: at("logs"),
  };
}

/** The number a data directory was given at its first start; undefined before that. */
export async function readInstance(dataDir: string): Promise<number | undefined> {
  const content = await readOptional(dataPaths(dataDir).instance);
  if (content === undefined) return undefined;
  const { instance } = JSON.parse(content) as { instance?: unknown };
  return typeof instance === "number" ? instanceNames(instance).instance : undefined;
}

export async function writeInstance(dataDir: string, instance: number): Promise<void> {
  await replaceFile(dataPaths(dataDir).instance, `${JSON.stringify({ instance })}\n`);
}

/** The process that runs a data directory, as it wrote itself down. */
export interface DaemonRecord {
  readonly pid: number;
  readonly startedAt: string;
  readonly [fact: string]: unknown;
}

function instanceTaken(message: string): ComponentError {
  const hint = "Choose another number with --instance, or `--instance auto`";
  return new ComponentError("InstanceTaken", message, { hint });
}

/** Makes the directory and locks it for this process; throws DataDirectoryLocked, naming the holder's pid. */
export async function lockDataDirectory(dataDir: string): Promise<FileLock> {
  const paths = dataPaths(dataDir);
  await mkdir(paths.root, { recursive: true, mode: 0o700 });
  const lock = lockFile(paths.lock);
  if (lock === undefined) {
    const pid = (await readDaemon(dataDir))?.pid ?? "unknown";
    throw new ComponentError(
      "DataDirectoryLocked",
      `Cannot use data directory "${paths.root}": process ${pid} runs it`,
      {
        hint: "Stop it with `jdos down`, or choose another directory with --data-dir",
      },
    );
  }
  try {
    await writeDaemon(dataDir, { pid: process.pid, startedAt: new Date().toISOString() });
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

export async function writeDaemon(dataDir: string, record: DaemonRecord): Promise<void> {
  await replaceFile(dataPaths(dataDir).daemon, `${JSON.stringify(record)}\n`);
}

/** What the last holder wrote; it may have died since: see isDataDirectoryLocked(). */
export async function readDaemon(dataDir: string): Promise<DaemonRecord | undefined> {
  const content = await readOptional(dataPaths(dataDir).daemon);
  return content === undefined ? undefined : (JSON.parse(content) as DaemonRecord);
}

/** True while a process holds the directory. */
export async function isDataDirectoryLocked(dataDir: string): Promise<boolean> {
  const path = dataPaths(dataDir).lock;
  if ((await readOptional(path)) === undefined) return false;
  const lock = lockFile(path);
  lock?.release();
  return lock === undefined;
}

/**
 * Settles which instance a data directory is, once for its life: the number it has, the one asked for, or with
 * "auto" one that nobody uses. Throws InstanceTaken when another directory has it, or it has another number, and
 * InvalidOption for a number that no instance can have.
 */
export async function claimInstance(
  dataDir: string,
  wanted: number | "auto" | undefined,
  { runRoot = RUN_ROOT }: { runRoot?: string } = {},
): Promise<number> {
  if (typeof wanted === "number") requireInstance(wanted);
  const root = dataPaths(dataDir).root;
  const claims = join(runRoot, "claims");
  await mkdir(claims, { recursive: true });
  const lock = lockFile(join(runRoot, "claims.lock"), { waitMillis: 10_000 });
  if (lock === undefined)
    throw instanceTaken("Cannot claim an instance number: another start holds the claims");
  try {
    const present = await readInstance(root);
    if (present !== undefined && typeof wanted === "number" && wanted !== present) {
      throw instanceTaken(`Cannot make "${root}" instance ${wanted}: it is instance ${present}`);
    }
    const instance = present ?? (wanted === "auto" ? await freeInstance(claims) : (wanted ?? 0));
    const holder = await claimant(claims, instance);
    if (holder !== undefined && holder !== root) {
      throw instanceTaken(`Cannot claim instance ${instance}: data directory "${holder}" has it`);
    }
    await replaceFile(join(claims, String(instance)), `${root}\n`);
    await writeInstance(root, instance);
    return instance;
  } finally {
    lock.release();
  }
}

function requireInstance(wanted: number): void {
  if (Number.isInteger(wanted) && wanted >= 0 && wanted <= MAX_INSTANCE) return;
  throw new ComponentError(
    "InvalidOption",
    `Cannot claim instance ${wanted}: it is not one of 0 to ${MAX_INSTANCE}`,
    {
      hint: "Choose one of them with --instance, or `--instance auto`",
    },
  );
}

/** Gives the number back; part of `down --purge`. The last one leaves nothing behind. */
export async function releaseInstance(
  dataDir: string,
  instance: number,
  { runRoot = RUN_ROOT }: { runRoot?: string } = {},
): Promise<void> {
  const claims = join(runRoot, "claims");
  const content = await readOptional(join(claims, String(instance)));
  if (content?.trim() !== dataPaths(dataDir).root) return;
  const lock = lockFile(join(runRoot, "claims.lock"), { waitMillis: 10_000 });
  try {
    await rm(join(claims, String(instance)), { force: true });
    if (lock !== undefined && (await readdir(claims)).length === 0) {
      await rmdir(claims);
      await rm(join(runRoot, "claims.lock"), { force: true });
    }
  } finally {
    lock?.release();
  }
  if ((await readdir(runRoot)).length === 0) await rmdir(runRoot);
}

/** The directory that has the number; a directory that was removed or renumbered has none. */
async function claimant(claims: string, instance: number): Promise<string | undefined> {
  const holder = (await readOptional(join(claims, String(instance))))?.trim();
  if (holder === undefined) return undefined;
  return (await readInstance(holder)) === instance ? holder : undefined;
}

/** Instance N routes traffic on the port that is instance N+10's platform port. */
const PORT_NEIGHBOUR = 10;

/** From the top, so that numbers chosen by hand stay free. */
async function freeInstance(claims: string): Promise<number> {
  for (let instance = MAX_INSTANCE - 20; instance > 0; instance--) {
    const near = [instance, instance - PORT_NEIGHBOUR, instance + PORT_NEIGHBOUR];
    if (near.includes(0)) continue;
    const claimants = await Promise.all(near.map((number) => claimant(claims, number)));
    if (claimants.some((holder) => holder !== undefined)) continue;
    const ports = Object.values(instanceNames(instance).ports);
    if ((await Promise.all(ports.map((port) => isPortFree(port)))).every(Boolean)) return instance;
  }
  throw instanceTaken("Cannot choose an instance number: none is free");
}

/** Whether a TCP port can be listened on at 127.0.0.1 (or the address given). */
export function isPortFree(port: number, address = "127.0.0.1"): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer();
    server.once("error", () => settle(false));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => settle(true)));
  });
}

async function replaceFile(path: string, content: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  const fresh = `${path}.${process.pid}.new`;
  await writeFile(fresh, content, { mode: 0o600, flush: true });
  await rename(fresh, path);
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
