import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Accepted, DeployRequest, DeployResult } from "@jdos/api/platform-api";
import { SOURCE_FILE, type SourceFile, settingsOf } from "@jdos/api/source-settings";
import type { CommandContext, Input } from "../command.ts";
import { usage } from "../errors.ts";
import { createStageView, type StageView } from "../output/stages.ts";
import { persist } from "../platform/persist.ts";
import type { PlatformClient } from "../platform/platform-client.ts";
import { required, scopeOf } from "../scope.ts";
import { follow, waitingSentence } from "./follow.ts";

type Source = DeployRequest["source"];

/** What is to be deployed, read from the argument. */
export type Target = { kind: "directory"; path: string } | { kind: "ready"; source: Source };

const GIT_URL = /^(?:https?|ssh|git|file):\/\/|^[\w.-]+@[\w.-]+:/;

/** "image:REF", a git URL with an optional #revision, else a directory. */
export function readTarget(argument: string, isDirectory: boolean): Target {
  if (argument.startsWith("image:"))
    return { kind: "ready", source: { image: { reference: argument.slice("image:".length) } } };
  if (isDirectory || !GIT_URL.test(argument)) return { kind: "directory", path: argument };
  const hash = argument.lastIndexOf("#");
  const git =
    hash < 0 ? { url: argument } : { url: argument.slice(0, hash), revision: argument.slice(hash + 1) };
  return { kind: "ready", source: { git } };
}

function withGitSecret(target: Target, secret: unknown): Target {
  if (secret === undefined) return target;
  const git = target.kind === "ready" ? target.source.git : undefined;
  if (git === undefined)
    throw usage(
      "Cannot deploy: --git-secret is for a git URL",
      "jdos deploy https://git.example/shop.git --git-secret NAME",
    );
  return { kind: "ready", source: { git: { ...git, secret: String(secret) } } };
}

export async function run(given: Input, context: CommandContext): Promise<DeployResult> {
  const started = performance.now();
  const argument = given.arguments[0] ?? ".";
  const isDirectory = (await stat(argument).catch(() => undefined))?.isDirectory() === true;
  const target = withGitSecret(readTarget(argument, isDirectory), given.options.gitSecret);
  const file = target.kind === "directory" ? await readSourceFile(target.path) : {};
  const input = {
    ...given,
    system: required("system", given.system || file.system),
    app: required("app", given.app || file.app),
  };
  const client = await context.platform();
  rolloutOf(input.options.strategy);
  // Says what is wrong with the system before anything is packed.
  await client.call("GET", "system", { params: { system: input.system } });
  const view = await createStageView(context);
  try {
    const sent =
      target.kind === "directory"
        ? await upload(resolve(target.path, file.path ?? ""), { client, input, view }, context)
        : { source: target.source, seconds: 0 };
    const accepted = await request(sent.source, { client, input, file }, context);
    const result = await follow(
      { client, input, accepted, view, timeoutSeconds: numberOf(input.options.timeout) },
      context,
    );
    return withTotals(result, sent.seconds, (performance.now() - started) / 1000);
  } finally {
    await view.close();
  }
}

/** jdos.yaml of a directory; what the command line says goes before it. */
async function readSourceFile(directory: string): Promise<SourceFile> {
  const path = join(directory, SOURCE_FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return {};
    throw error;
  }
  const { parseSourceFile } = await import("@jdos/api/source-file");
  return parseSourceFile(text);
}

interface Parts {
  client: PlatformClient;
  input: Input;
  view: StageView;
}

/** Sends what the platform has not got of a directory; the seconds belong to the stage "source". */
async function upload(
  directory: string,
  { client, input, view }: Parts,
  context: CommandContext,
): Promise<{ source: Source; seconds: number }> {
  const started = performance.now();
  view.update({ stage: "source", state: "started", message: "reading the directory" });
  const { sendDirectory } = await import("./send-directory.ts");
  const { digest } = await sendDirectory(directory, { client, scope: scopeOf(input), view }, context);
  return { source: { bundle: { digest } }, seconds: (performance.now() - started) / 1000 };
}

/** Asks once, however often it has to be sent. */
async function request(
  source: Source,
  { client, input, file }: Omit<Parts, "view"> & { file: SourceFile },
  { signal }: CommandContext,
): Promise<Accepted> {
  const replicas = numberOf(input.options.replicas);
  const own = settings(input);
  const told = settingsOf(file);
  const body: DeployRequest = {
    ...told,
    source,
    requestId: randomUUID(),
    ...(replicas === undefined ? {} : { replicas }),
    ...(own.build === undefined ? {} : { build: { ...told.build, ...own.build } }),
    ...(own.run === undefined ? {} : { run: { ...told.run, ...own.run } }),
    ...(input.options.force === true ? { force: true } : {}),
    ...(own.rollout === undefined ? {} : { rollout: { ...told.rollout, ...own.rollout } }),
  };
  return persist(() => client.call<Accepted>("POST", "deploy", { params: scopeOf(input), body, signal }), {
    signal,
  });
}

const STRATEGIES = {
  rolling: "Rolling",
  canary: "Canary",
  "blue-green": "BlueGreen",
  "in-place": "InPlace",
} as const;

function rolloutOf(strategy: unknown): Pick<DeployRequest, "rollout"> {
  if (strategy === undefined) return {};
  const words = Object.entries(STRATEGIES);
  const given = String(strategy).toLowerCase();
  const found = words.find(([word, name]) => given === word || given === name.toLowerCase())?.[1];
  if (found === undefined)
    throw usage(
      `Cannot deploy: "${strategy}" is not a strategy`,
      `--strategy ${Object.keys(STRATEGIES).join(", --strategy ")}`,
    );
  return { rollout: { strategy: found } };
}

function settings({ options }: Input): Pick<DeployRequest, "build" | "run" | "rollout"> {
  const { dockerfile, port, health, memory, cpu, strategy } = options;
  const run = {
    ...(port === undefined ? {} : { ports: [{ port: Number(port) }] }),
    ...(health === undefined ? {} : { health: { path: String(health) } }),
    ...(memory === undefined ? {} : { memory: String(memory) }),
    ...(cpu === undefined ? {} : { cpu: String(cpu) }),
  };
  return {
    ...(dockerfile === undefined ? {} : { build: { dockerfile: String(dockerfile) } }),
    ...(Object.keys(run).length === 0 ? {} : { run }),
    ...rolloutOf(strategy),
  };
}

function numberOf(option: string | number | boolean | undefined): number | undefined {
  return option === undefined ? undefined : Number(option);
}

function withTotals(result: DeployResult, sourceSeconds: number, total: number): DeployResult {
  const { source = 0, ...others } = result.seconds;
  const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
  const seconds = {
    ...(sourceSeconds + source > 0 ? { source: rounded(sourceSeconds + source) } : {}),
    ...others,
    total: rounded(total),
  };
  return { ...result, seconds };
}

export function present(result: DeployResult): string {
  const { application, system, release, url, seconds, rollout } = result;
  if (rollout !== undefined) return waitingSentence(result);
  return `Release ${release} of ${system}/${application} is ready after ${seconds.total.toFixed(1)} s\n${url}`;
}
