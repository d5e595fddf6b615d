import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { CommandContext } from "../command.ts";
import { CliError } from "../errors.ts";

/** jdosd is started by its path and never imported: the layers below it stay free of it. */
const PROGRAM = resolve(import.meta.dirname, "../../../jdosd/src/main.ts");

/** Little memory while idle: a small young generation; jdosd collects once after its start. */
const NODE_OPTIONS = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=8", "--expose-gc"];

/** One line of jdosd's progress. */
export interface ProgressLine {
  stage: string;
  state: "started" | "running" | "succeeded" | "failed";
  seconds: number;
  message?: string;
}

type Stdio = "ignore" | "pipe" | "inherit" | number;

export interface JdosdOptions {
  detached?: boolean;
  stdout: Stdio;
  stderr: Stdio;
}

export function startJdosd(
  args: readonly string[],
  { environment, dataDir }: Pick<CommandContext, "environment" | "dataDir">,
  { detached = false, stdout, stderr }: JdosdOptions,
): ChildProcess {
  return spawn(process.execPath, [...NODE_OPTIONS, PROGRAM, ...args, "--data-dir", dataDir], {
    // A session of its own: it must outlive this terminal.
    detached,
    stdio: ["ignore", stdout, stderr],
    env: environment.variables,
  });
}

/** Runs one of jdosd's short commands to its end and reads the JSON it prints. */
export async function askJdosd<T>(
  args: readonly string[],
  context: Pick<CommandContext, "environment" | "dataDir">,
): Promise<{ answer: T; exitCode: number }> {
  const child = startJdosd(args, context, { stdout: "pipe", stderr: "pipe" });
  const [out, err, exitCode] = await Promise.all([text(child.stdout!), text(child.stderr!), exitOf(child)]);
  if (out.trim() === "") throw failureOf(err, args[0] ?? "");
  return { answer: JSON.parse(out) as T, exitCode };
}

export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => settle(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/** Reads "code: sentence" and the hint from what jdosd wrote on standard error. */
export function failureOf(stderr: string, command: string): CliError {
  const lines = stderr
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("{"));
  const at = lines.findLastIndex((line) => /^[A-Z][A-Za-z0-9_]+: ./.test(line));
  const [, code, message] = /^([A-Za-z0-9_]+): (.*)$/.exec(lines[at] ?? "") ?? [];
  if (code === undefined || message === undefined) {
    return new CliError(
      "StartFailed",
      `Cannot ${command} the platform: ${lines.at(-1) ?? "it ended without a word"}`,
      { hint: "See its log in the data directory, under logs/" },
    );
  }
  const hint = lines
    .slice(at + 1)
    .find((line) => line.startsWith("hint: "))
    ?.slice("hint: ".length);
  return new CliError(code, message, { hint });
}
