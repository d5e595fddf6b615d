import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseContainerLogLine } from "@jdos/component-base";
import type { ContainerStatus } from "../cri/types.ts";
import { TERMINATION_PATH, TERMINATION_POLICY } from "./labels.ts";

const MAX_MESSAGE_BYTES = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;
const QUIET_MILLIS = 30;
const QUIET_LOOKS = 10;

/**
 * What an ended container says of its end: the runtime's own words, then its termination log, else with
 * FallbackToLogsOnError the end of its log.
 */
export async function terminationMessage(status: ContainerStatus): Promise<string> {
  const path = status.annotations[TERMINATION_PATH];
  const mount = path === undefined ? undefined : status.mounts.find((item) => item.containerPath === path);
  let text = mount === undefined ? "" : await readTail(mount.hostPath, MAX_MESSAGE_BYTES);
  if (
    text === "" &&
    status.exitCode !== 0 &&
    status.annotations[TERMINATION_POLICY] === "FallbackToLogsOnError"
  ) {
    await untilQuiet(status.logPath);
    text = await logTail(status.logPath);
  }
  return [status.message, text].filter((part) => part !== "").join(": ");
}

/** The runtime writes the last lines a moment after it says that the container ended. */
async function untilQuiet(path: string): Promise<void> {
  let before = await sizeOf(path);
  for (let look = 0; look < QUIET_LOOKS; look++) {
    await sleep(QUIET_MILLIS);
    const now = await sizeOf(path);
    if (now === before) return;
    before = now;
  }
}

async function sizeOf(path: string): Promise<number> {
  return path === "" ? 0 : ((await stat(path).catch(() => undefined))?.size ?? 0);
}

async function logTail(path: string): Promise<string> {
  if (path === "") return "";
  const raw = await readTail(path, MAX_LOG_BYTES * 4);
  const lines = raw.split("\n").flatMap((line) => {
    const parsed = parseContainerLogLine(Buffer.from(line));
    return parsed === undefined ? [] : [parsed.content.toString("utf8") + (parsed.partial ? "" : "\n")];
  });
  return lines.slice(-MAX_LOG_LINES).join("").slice(-MAX_LOG_BYTES);
}

async function readTail(path: string, limit: number): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const length = Math.min(size, limit);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.subarray(0, bytesRead).toString("utf8");
    } finally {
      await file.close();
    }
  } catch {
    return "";
  }
}
