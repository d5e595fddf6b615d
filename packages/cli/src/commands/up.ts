import type { ChildProcess } from "node:child_process";
import { mkdir, open, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dataPaths, isDataDirectoryLocked } from "@jdos/component-base/data-directory";
import type { CommandContext, Input } from "../command.ts";
import { CliError } from "../errors.ts";
import { exitOf, failureOf, startJdosd } from "../machine/jdosd.ts";
import { showProgress } from "../machine/progress.ts";
import { createStageView, NAME_WIDTH, type StageView } from "../output/stages.ts";
import { lines } from "../platform/lines.ts";
import { type MachineStatus, readStatus } from "./status.ts";

/** Starts the platform. In the foreground it runs until Ctrl-C; with --detach it goes on by itself. */
export async function run(input: Input, context: CommandContext): Promise<MachineStatus | undefined> {
  if (process.getuid?.() !== 0) {
    throw new CliError(
      "NotRoot",
      "Cannot start the platform: it needs root, to run containers and set up their network",
      { hint: "Run it again with sudo" },
    );
  }
  const {
    instance = context.environment.instance,
    listenAddress,
    buildConcurrency,
    registryLimit,
    logLimit,
    logDays,
    registryMirrors,
    registryMirrorCredentials,
  } = input.options;
  const args = [
    "run",
    ...(instance === undefined ? [] : ["--instance", String(instance)]),
    ...(listenAddress === undefined ? [] : ["--listen-address", String(listenAddress)]),
    ...(buildConcurrency === undefined ? [] : ["--build-concurrency", String(buildConcurrency)]),
    ...(registryLimit === undefined ? [] : ["--registry-limit", String(registryLimit)]),
    ...(logLimit === undefined ? [] : ["--log-limit", String(logLimit)]),
    ...(logDays === undefined ? [] : ["--log-days", String(logDays)]),
    ...(registryMirrors === undefined ? [] : ["--registry-mirrors", String(registryMirrors)]),
    ...(registryMirrorCredentials === undefined
      ? []
      : ["--registry-mirror-credentials", String(registryMirrorCredentials)]),
  ];
  return input.options.detach === true ? detached(args, context) : foreground(args, context);
}

async function foreground(args: readonly string[], context: CommandContext): Promise<undefined> {
  const child = startJdosd(args, context, { stdout: "pipe", stderr: "pipe" });
  const stop = (): void => void child.kill("SIGTERM");
  context.signal.addEventListener("abort", stop, { once: true });
  const view = await createStageView(context, NAME_WIDTH.parts);
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    errors = (errors + chunk).slice(-64 * 1024);
  });
  let ready = false;
  const exited = exitOf(child);
  for await (const line of lines(child.stdout!)) {
    if (!showProgress(line, view) || ready) continue;
    ready = true;
    await view.close();
    await sayReady(context);
  }
  const exitCode = await exited;
  if (!ready) await view.close();
  if (context.signal.aborted) return undefined;
  if (exitCode !== 0) throw failureOf(errors, "start");
  return undefined;
}

async function sayReady(context: CommandContext): Promise<void> {
  const { urls } = await readStatus(context);
  context.stderr.write(
    `The platform is ready${urls === undefined ? "" : `: ${urls.platform}`}. Ctrl-C stops it; applications go on serving until jdos down.\n`,
  );
}

async function detached(args: readonly string[], context: CommandContext): Promise<MachineStatus> {
  const logs = dataPaths(context.dataDir).logs;
  await mkdir(logs, { recursive: true });
  const outPath = join(logs, "start.ndjson");
  const errPath = join(logs, "start.err");
  const out = await open(outPath, "w", 0o600);
  const err = await open(errPath, "w", 0o600);
  const view = await createStageView(context, NAME_WIDTH.parts);
  try {
    const child = startJdosd(args, context, { detached: true, stdout: out.fd, stderr: err.fd });
    await untilReady(child, { outPath, errPath, view, context });
    child.unref();
    return await readStatus(context);
  } catch (error) {
    const files = [outPath, errPath];
    const inUse = (await isDataDirectoryLocked(context.dataDir)) || (await hasOthers(logs, files));
    if (!inUse) await removeEmptied(logs, files);
    throw error;
  } finally {
    await view.close();
    await Promise.all([out.close(), err.close()]);
  }
}

/** Whether the platform got as far as to write a log of its own. */
async function hasOthers(logs: string, files: readonly string[]): Promise<boolean> {
  return (await readdir(logs)).some((name) => !files.includes(join(logs, name)));
}

/** What was said is told; a start that was refused leaves no directory. */
async function removeEmptied(logs: string, files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
  for (const directory of [logs, dirname(logs)]) {
    await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY") throw error;
    });
  }
}

interface Start {
  outPath: string;
  errPath: string;
  view: StageView;
  context: CommandContext;
}

const PAUSE_MILLIS = 50;

/** Its output goes to a file, for a pipe would end with this command. */
async function untilReady(child: ChildProcess, { outPath, errPath, view, context }: Start): Promise<void> {
  let exitCode: number | undefined;
  exitOf(child).then(
    (code) => {
      exitCode = code;
    },
    () => {
      exitCode = 1;
    },
  );
  let read = 0;
  while (true) {
    const ended = exitCode !== undefined;
    const text = await readFile(outPath, "utf8");
    const whole = text.slice(read, text.lastIndexOf("\n") + 1);
    read += whole.length;
    for (const line of whole.split("\n")) if (line !== "" && showProgress(line, view)) return;
    if (ended) {
      await view.close();
      throw failureOf(await readFile(errPath, "utf8"), "start");
    }
    if (context.signal.aborted) {
      child.kill("SIGTERM");
      throw new CliError("Interrupted", "The start was given up", {
        hint: "Clear what is left: jdos down",
        exitCode: 130,
      });
    }
    await sleep(PAUSE_MILLIS);
  }
}

export function present({ pid, urls }: MachineStatus): string {
  return [`The platform is ready (process ${pid})`, ...(urls === undefined ? [] : [urls.platform])].join(
    "\n",
  );
}
