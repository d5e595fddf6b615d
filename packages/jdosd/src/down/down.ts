import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type FileLock,
  type InstanceNames,
  identifyProcess,
  instanceNames,
  isDataDirectoryLocked,
  lockDataDirectory,
  purgeContainerd,
  readDaemon,
  readInstance,
  releaseInstance,
  removeCniResults,
  stopDetached,
  stopProcess,
  unmountBelow,
} from "@jdos/component-base";
import { ImageCache } from "../host/image-cache.ts";
import { type JdosdOptions, partPaths } from "../options.ts";
import type { Progress } from "../progress.ts";
import { stopContainers } from "./containers.ts";
import { deleteData } from "./delete-data.ts";
import { removeNetwork } from "./network.ts";

export interface DownOptions {
  options: JdosdOptions;
  /** Also deletes the data. Defaults to false. */
  purge?: boolean;
  progress: Progress;
}

/** How long containers are given to end by themselves. */
const GRACE_SECONDS = 5;

/** Stops the platform, its containers and its network, however much of it still runs. Idempotent. */
export async function down({ options, purge = false, progress }: DownOptions): Promise<void> {
  const { dataDir } = options;
  const instance = await readInstance(dataDir);
  if (instance === undefined) {
    if (purge) await deleteAll(options);
    return;
  }
  const names = instanceNames(instance);
  await progress.stage("jdosd", () => stopDaemon(dataDir));
  const lock = await lockDataDirectory(dataDir);
  try {
    // What is about to be deleted needs no time to be written.
    const graceSeconds = purge ? 0 : GRACE_SECONDS;
    await tearDown({ dataDir, names, progress, graceSeconds });
    if (purge) await progress.stage("data", () => purgeData(options, names, lock));
  } finally {
    lock.release();
  }
}

async function stopDaemon(dataDir: string): Promise<void> {
  if (!(await isDataDirectoryLocked(dataDir))) return;
  const pid = (await readDaemon(dataDir))?.pid;
  const identity = pid === undefined ? undefined : identifyProcess(pid);
  if (identity !== undefined) await stopProcess(identity, { timeoutSeconds: 30 });
  while (await isDataDirectoryLocked(dataDir)) await sleep(50);
}

interface TearDown {
  dataDir: string;
  names: InstanceNames;
  progress: Progress;
  graceSeconds: number;
}

async function tearDown({ dataDir, names, progress, graceSeconds }: TearDown): Promise<void> {
  const paths = partPaths(dataDir);
  await progress.stage("containers", async () => {
    if (graceSeconds > 0) await stopContainers(names.run.containerdSocket, graceSeconds);
    await purgeContainerd({
      runDir: names.runDir,
      rootDir: paths.containerdRoot,
      cgroupParent: names.cgroupParent,
      keepRoot: true,
    });
  });
  await progress.stage("dns", () => stopDetached(`${names.runDir}/dns.pid`));
  await progress.stage("network", () => removeNetwork(names));
  await unmountBelow(dataDir);
  await rm(names.runDir, { recursive: true, force: true });
}

async function purgeData(
  options: JdosdOptions,
  { instance, bridge }: InstanceNames,
  lock: FileLock,
): Promise<void> {
  await removeCniResults(bridge);
  await releaseInstance(options.dataDir, instance);
  lock.release();
  await deleteAll(options);
}

async function deleteAll({ dataDir, cacheDir, keepCache }: JdosdOptions): Promise<void> {
  await deleteData(dataDir);
  if (!keepCache) await new ImageCache(cacheDir).leave(dataDir);
}
