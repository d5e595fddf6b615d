import { createWriteStream } from "node:fs";
import { mkdir, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import {
  claimInstance,
  createLogger,
  createMetrics,
  type FileLock,
  findDetached,
  type InstanceNames,
  instanceNames,
  isPortFree,
  type Logger,
  lockDataDirectory,
  readInstance,
  releaseInstance,
  writeDaemon,
} from "@jdos/component-base";
import { ensureCredentials } from "./credentials/credentials.ts";
import { deleteData } from "./down/delete-data.ts";
import { JdosdError } from "./errors.ts";
import { HOST_PROGRAMS, installPackages, missingPackages } from "./host/packages.ts";
import { type JdosdOptions, partPaths } from "./options.ts";
import { ensurePki } from "./pki/pki.ts";
import { Platform } from "./platform/platform.ts";
import type { Progress } from "./progress.ts";

export interface RunningPlatform {
  readonly url: string;
  stop(): Promise<void>;
}

/** Brings this machine up from whatever is there; settles when applications can be deployed. */
export async function start(options: JdosdOptions, progress: Progress): Promise<RunningPlatform> {
  if (process.getuid?.() !== 0) {
    throw new JdosdError("NotRoot", "Cannot start: not root", {
      hint: "Run it with sudo: it starts containers, network namespaces and packet rules",
    });
  }
  const known = await readInstance(options.dataDir);
  const lock = await lockDataDirectory(options.dataDir);
  let starting = false;
  try {
    await progress.stage("packages", async (say) =>
      installPackages(await missingPackages({ path: options.path, programs: HOST_PROGRAMS }), say),
    );
    const instance = await claimInstance(options.dataDir, options.instance);
    const names = instanceNames(instance);
    await requirePorts(names, options.listenAddress);
    await mkdir(names.runDir, { recursive: true });
    await writeDaemon(options.dataDir, { pid: process.pid, startedAt: new Date().toISOString(), instance });
    starting = true;
    return await startPlatform(options, { names, progress, lock });
  } catch (error) {
    try {
      if (known === undefined && !starting) await forgetDirectory(options.dataDir);
    } finally {
      lock.release();
    }
    throw error;
  }
}

/** A start that was refused before anything ran leaves no directory, and no number that the next one must have. */
async function forgetDirectory(dataDir: string): Promise<void> {
  const instance = await readInstance(dataDir);
  if (instance !== undefined) await releaseInstance(dataDir, instance);
  // Whoever started this process detached reads there why it ended.
  await deleteData(dataDir, ["logs"]);
}

interface Start {
  names: InstanceNames;
  progress: Progress;
  lock: FileLock;
}

async function startPlatform(
  options: JdosdOptions,
  { names, progress, lock }: Start,
): Promise<RunningPlatform> {
  const paths = partPaths(options.dataDir);
  const log = await openLog(paths.log, options.logLevel);
  const [pki, credentials] = await Promise.all([
    ensurePki({
      directory: `${options.dataDir}/pki`,
      names,
      nodeName: options.nodeName,
      addresses: options.listenAddress === "0.0.0.0" ? [] : [options.listenAddress],
    }),
    ensureCredentials(`${options.dataDir}/credentials`),
  ]);
  const platform = new Platform(
    { options, names, paths, pki, credentials, log, metrics: createMetrics() },
    progress,
  );
  await platform.start();
  const url = `http://127.0.0.1:${names.ports.platform}`;
  log.info({ url, instance: names.instance }, "Platform is ready");
  progress.ready(url);
  return {
    url,
    async stop() {
      await platform.stop();
      lock.release();
    },
  };
}

/** A port that someone else holds is found before anything is started. */
async function requirePorts({ ports, runDir }: InstanceNames, address: string): Promise<void> {
  // The routes' and the registry's doors are held by containers, which go on while jdosd is away.
  const ours = findDetached(`${runDir}/containerd.pid`) !== undefined;
  const wanted = ours ? [ports.platform, ports.kubernetes] : Object.values(ports);
  for (const port of wanted) {
    if (await isPortFree(port, address)) continue;
    throw new JdosdError("PortTaken", `Cannot listen on ${address}:${port}: the port is taken`, {
      hint: `See who holds it with: ss -ltnp 'sport = :${port}'; or start another instance with --instance auto`,
    });
  }
}

const MAX_LOG_BYTES = 64 * 1024 * 1024;

async function openLog(path: string, level: JdosdOptions["logLevel"]): Promise<Logger> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const size = await stat(path)
    .then(({ size }) => size)
    .catch(() => 0);
  if (size > MAX_LOG_BYTES) await rename(path, `${path}.1`);
  const destination = createWriteStream(path, { flags: "a", mode: 0o640 });
  return createLogger({ name: "jdosd", level, destination });
}
