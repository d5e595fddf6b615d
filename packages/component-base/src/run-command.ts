import { spawn } from "node:child_process";
import { ComponentError, type ComponentErrorCode } from "./errors.ts";

export interface RunCommandOptions {
  /** Written to standard input; nothing when absent. */
  input?: string | Uint8Array;
  /** Killed after this long. Defaults to 30. */
  timeoutSeconds?: number;
  signal?: AbortSignal;
  cwd?: string;
  /** The whole environment of the child. Defaults to this process's own. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Each of stdout and stderr; more ends the child. Defaults to 16 MiB. */
  maxOutputBytes?: number;
  /** Exit codes that are an answer rather than a failure. Defaults to [0]. */
  okExitCodes?: readonly number[];
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that could not be run, or did not end well. */
export class CommandError extends ComponentError {
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(code: ComponentErrorCode, message: string, options: CommandErrorOptions) {
    super(code, message, options);
    this.name = "CommandError";
    this.argv = options.argv;
    this.exitCode = options.exitCode;
    this.stderr = options.stderr ?? "";
  }
}

interface CommandErrorOptions {
  hint: string;
  cause?: unknown;
  argv: readonly string[];
  exitCode?: number;
  stderr?: string;
}

const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a program without a shell and collects what it says.
 * @throws CommandError CommandNotFound, CommandFailed, CommandTimeout, OutputTooLarge; the signal's reason when aborted
 */
export function runCommand(
  argv: readonly [string, ...string[]],
  options: RunCommandOptions = {},
): Promise<CommandResult> {
  const { input, timeoutSeconds = 30, signal, okExitCodes = [0] } = options;
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env === undefined ? undefined : { ...options.env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let failure: unknown;
    const kill = (why: unknown): void => {
      failure ??= why;
      child.kill("SIGKILL");
    };
    const onAbort = (): void => kill(signal?.reason);
    const tooLarge = (): void => kill(outputTooLarge(argv));
    const timer = setTimeout(() => kill(timedOut(argv, timeoutSeconds)), timeoutSeconds * 1000);
    signal?.addEventListener("abort", onAbort, { once: true });
    const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
    const stdout = collect(child.stdout!, limit, tooLarge);
    const stderr = collect(child.stderr!, limit, tooLarge);
    // The child may end without reading its input: its exit code is the answer then, not EPIPE.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    child.on("error", (error) => {
      failure ??= notStarted(argv, error);
    });
    child.on("close", (exitCode, killedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      if (failure !== undefined) return reject(failure);
      if (exitCode !== null && okExitCodes.includes(exitCode)) {
        return resolve({ exitCode, stdout: stdout(), stderr: stderr() });
      }
      reject(failed(argv, { exitCode, killedBy, stderr: stderr() || stdout() }));
    });
  });
}

function collect(stream: NodeJS.ReadableStream, limit: number, tooLarge: () => void): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) tooLarge();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function notStarted(argv: readonly string[], error: NodeJS.ErrnoException): CommandError {
  const missing = error.code === "ENOENT";
  return new CommandError(
    missing ? "CommandNotFound" : "CommandFailed",
    `Cannot run "${argv[0]}": ${missing ? "no such program" : error.message}`,
    {
      argv,
      cause: error,
      hint: missing
        ? `Install the package that provides "${argv[0]}"`
        : "Check that the program may be executed",
    },
  );
}

function timedOut(argv: readonly string[], timeoutSeconds: number): CommandError {
  return new CommandError(
    "CommandTimeout",
    `Cannot finish "${argv.join(" ")}": still running after ${timeoutSeconds} s`,
    {
      argv,
      hint: "Check whether the machine is overloaded, or run the command by hand",
    },
  );
}

function outputTooLarge(argv: readonly string[]): CommandError {
  return new CommandError(
    "OutputTooLarge",
    `Cannot keep the output of "${argv.join(" ")}": more than allowed`,
    {
      argv,
      hint: "Ask the command for less",
    },
  );
}

interface Ending {
  exitCode: number | null;
  killedBy: NodeJS.Signals | null;
  stderr: string;
}

function failed(argv: readonly string[], { exitCode, killedBy, stderr }: Ending): CommandError {
  const how = killedBy === null ? `exit code ${exitCode}` : `killed by ${killedBy}`;
  const said = stderr.trim().split("\n").slice(-5).join("; ");
  return new CommandError(
    "CommandFailed",
    `Cannot run "${argv.join(" ")}": ${how}${said === "" ? "" : `: ${said}`}`,
    {
      argv,
      exitCode: exitCode ?? undefined,
      stderr,
      hint: "Run the command by hand to see more",
    },
  );
}
