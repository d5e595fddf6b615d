import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ComponentError } from "./errors.ts";

/** Names one process for good: a pid alone may be given to another process later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and the process's start, as /proc/PID/stat says. */
  readonly startTime: string;
}

export interface DetachedProcessOptions {
  command: string;
  args: readonly string[];
  /** Where the process's identity is kept, as JSON, to be found again. */
  pidFile: string;
  /** Standard output and error are appended here. */
  logFile: string;
  /** Defaults to the environment of this process. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
}

/**
 * Starts a process in a session of its own that outlives this one: no pipe leads to it, its output goes to a
 * file, and its identity is on disk before this returns.
 */
export async function startDetached(options: DetachedProcessOptions): Promise<ProcessIdentity> {
  const log = openSync(options.logFile, "a", 0o640);
  try {
    const child = spawn(options.command, [...options.args], {
      detached: true,
      stdio: ["ignore", log, log],
      env: (options.env ?? process.env) as NodeJS.ProcessEnv,
      cwd: options.cwd ?? "/",
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const identity = identifyProcess(child.pid!);
    if (identity === undefined) {
      throw new ComponentError("CommandFailed", `Cannot start "${options.command}": it ended at once`, {
        hint: `Read "${options.logFile}"`,
      });
    }
    writeFileSync(`${options.pidFile}.new`, JSON.stringify(identity), { mode: 0o644 });
    renameSync(`${options.pidFile}.new`, options.pidFile);
    return identity;
  } finally {
    closeSync(log);
  }
}

/** The process whose identity a file keeps, if that very process still runs. */
export function findDetached(pidFile: string): ProcessIdentity | undefined {
  let kept: ProcessIdentity;
  try {
    kept = JSON.parse(readFileSync(pidFile, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
  return isRunning(kept) ? kept : undefined;
}

/** True while that very process lives; a zombie does not count as living. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTime === identity.startTime;
}

/** The identity of a living process, or undefined when there is none of that pid. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name stands in brackets and may hold anything; the fields after the last bracket begin with the state.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTime: fields[19]! };
}

export interface StopProcessOptions {
  /** How long SIGTERM is given before SIGKILL. Defaults to 10. */
  timeoutSeconds?: number;
}

/** Ends one process by its identity; does nothing when it is gone already. */
export async function stopProcess(
  identity: ProcessIdentity,
  { timeoutSeconds = 10 }: StopProcessOptions = {},
): Promise<void> {
  signal(identity, "SIGTERM");
  if (await hasEnded(identity, timeoutSeconds * 1000)) return;
  signal(identity, "SIGKILL");
  if (await hasEnded(identity, 10_000)) return;
  throw new ComponentError(
    "CommandTimeout",
    `Cannot stop process ${identity.pid}: it still runs after SIGKILL`,
    {
      hint: "It waits for a device or a file system; see its state in /proc",
    },
  );
}

/** Ends the process that a pid file names and removes the file. Idempotent. */
export async function stopDetached(pidFile: string, options: StopProcessOptions = {}): Promise<void> {
  const identity = findDetached(pidFile);
  if (identity !== undefined) await stopProcess(identity, options);
  rmSync(pidFile, { force: true });
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function hasEnded(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(identity)) {
    if (performance.now() >= deadline) return false;
    await sleep(20);
  }
  return true;
}
