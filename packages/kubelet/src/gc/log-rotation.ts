import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CriClient } from "../cri/cri-client.ts";
import { isRunning } from "../runtime/pod-runtime.ts";
import type { RuntimeView } from "../runtime/runtime-view.ts";

export interface LogRotationOptions {
  /** Defaults to 10 MiB. */
  maxBytes?: number;
  /** The one being written counts. Defaults to 5. */
  maxFiles?: number;
}

/** Moves the logs of running containers that grew too large aside: "0.log" becomes "0.log.20250102-030405". */
export async function rotateLogs(
  cri: CriClient,
  view: RuntimeView,
  { maxBytes = 10 * 1024 * 1024, maxFiles = 5 }: LogRotationOptions = {},
): Promise<void> {
  for (const uid of view.uids()) {
    for (const container of (view.get(uid)?.containers ?? []).filter(isRunning)) {
      const size = (await stat(container.logPath).catch(() => undefined))?.size ?? 0;
      if (size < maxBytes) continue;
      const stamp = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
      const aside = `${container.logPath}.${stamp}`;
      await rename(container.logPath, aside);
      try {
        await cri.reopenContainerLog(container.id);
      } catch (error) {
        await rename(aside, container.logPath);
        throw error;
      }
      const rotated = await rotatedLogs(container.logPath);
      for (const old of rotated.slice(0, Math.max(0, rotated.length - (maxFiles - 1))))
        await rm(old, { force: true });
    }
  }
}

/** The logs moved aside before, the oldest first. */
export async function rotatedLogs(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => join(dirname(path), name));
}
