import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

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

/** Asks until the check passes; then throws what it said last. */
export async function eventually<T>(check: () => Promise<T>, seconds = 30): Promise<T> {
  const until = performance.now() + seconds * 1000;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
