import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

const LEAST_PAUSE_MILLIS = 100;
const MOST_PAUSE_MILLIS = 500;

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  input?: string;
  /** Killed after this long. Defaults to 180. */
  timeoutSeconds?: number;
}

/** Runs a program to its end. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { env = process.env, input, timeoutSeconds = 180 }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(file, args, {
    env,
    stdio: ["pipe", "pipe", "pipe"],
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
    killSignal: "SIGKILL",
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  const [exitCode, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { exitCode, stdout, stderr };
}

/**
 * Asks until the check passes; then throws what it said last. Most checks start a process: between two it pauses for
 * about as long as one takes, and leaves the machine to what is waited for. A time is given where it is a promise: the
 * default bounds a machine that has much else to do.
 */
export async function eventually<T>(check: () => Promise<T>, seconds = 120): Promise<T> {
  const until = performance.now() + seconds * 1000;
  while (true) {
    const asked = performance.now();
    try {
      return await check();
    } catch (error) {
      const now = performance.now();
      if (now > until) throw error;
      await sleep(Math.min(Math.max(now - asked, LEAST_PAUSE_MILLIS), MOST_PAUSE_MILLIS));
    }
  }
}
