import { readEnvironment } from "./options.ts";
import { printError } from "./output/print.ts";
import type { BaseContext } from "./program.ts";
import { runProgram, toCliError } from "./program.ts";

export interface StartOptions {
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** Runs the command line in this process and gives its exit code. */
export async function start({ args, env }: StartOptions): Promise<number> {
  let exitCode = 0;
  const interrupt = new AbortController();
  const onSignal = (): void => {
    // A second Ctrl-C does not wait.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  // Whoever reads the output may leave: `jdos logs | head`.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  const context: BaseContext = {
    environment: readEnvironment(env),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  try {
    await runProgram(args, context);
    return exitCode;
  } catch (error) {
    const failure = toCliError(error);
    printError(failure, process.stderr);
    if (env.JDOS_DEBUG !== undefined)
      process.stderr.write(`${(failure.cause as Error | undefined)?.stack ?? failure.stack}\n`);
    return failure.exitCode;
  }
}
