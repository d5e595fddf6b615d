import { spawn } from "node:child_process";
import { endAll } from "./end-all.ts";
import { eachLine } from "./lines.ts";

export interface RunOptions {
  cwd?: string;
  /** The whole environment of the child. */
  env: Readonly<Record<string, string>>;
  /** Receives each line of both outputs; a promise is waited for before the next one. */
  log: (line: string) => unknown;
  uid?: number;
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

/** What was written before the end is read within this. */
const CLOSE_MILLIS = 1000;

/** How many of the last lines are kept for the report. */
const KEPT_LINES = 15;

/** A step that did not end well. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly exitCode: number | undefined;
  readonly killedBy: string | undefined;
  readonly timedOut: boolean;
  readonly lines: readonly string[];

  constructor(
    message: string,
    facts: {
      exitCode?: number;
      killedBy?: string;
      timedOut?: boolean;
      lines?: readonly string[];
      cause?: unknown;
    },
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.exitCode = facts.exitCode;
    this.killedBy = facts.killedBy;
    this.timedOut = facts.timedOut ?? false;
    this.lines = facts.lines ?? [];
  }
}

/** Runs a program to its end, without a shell. @throws StepFailure */
export async function runStep(
  argv: readonly string[],
  options: RunOptions,
): Promise<{ lines: readonly string[] }> {
  const { cwd, env, log, uid, timeoutSeconds, signal } = options;
  const [program = "", ...args] = argv;
  const lines: string[] = [];
  const child = spawn(program, args, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what a step leaves running ends with it.
    detached: true,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let timedOut = false;
  const kill = (): void => {
    if (child.pid === undefined) return;
    endAll(child.pid);
    // Whoever got away keeps its outputs open no longer.
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, CLOSE_MILLIS).unref();
  };
  const timer =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, timeoutSeconds * 1000);
  signal?.addEventListener("abort", kill, { once: true });
  for (const stream of [child.stdout, child.stderr]) {
    eachLine(stream, (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      return log(line);
    });
  }
  try {
    // What it left running would keep its outputs open.
    child.once("exit", kill);
    const { code, killedBy } = await ended(child);
    if (signal?.aborted) throw signal.reason;
    if (code === 0 && !timedOut) return { lines };
    const how = timedOut
      ? `it took longer than ${timeoutSeconds} s`
      : killedBy === null
        ? `exit code ${code}`
        : `killed by ${killedBy}`;
    throw new StepFailure(`"${argv.join(" ")}" failed: ${how}`, {
      ...(code === null ? {} : { exitCode: code }),
      ...(killedBy === null ? {} : { killedBy }),
      timedOut,
      lines,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", kill);
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<{ code: number | null; killedBy: string | null }> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "there is no such program" : error.message;
      reject(new StepFailure(`"${child.spawnfile}" failed: ${why}`, { cause: error }));
    });
    child.once("close", (code, killedBy) => resolve({ code, killedBy }));
  });
}
