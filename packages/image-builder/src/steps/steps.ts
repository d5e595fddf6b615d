import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildDockerfile } from "../dockerfile/build.ts";
import { asBuilderError, type ImageBuilderError } from "../errors.ts";
import { type Channel, dial } from "../exchange/channel.ts";
import type { BuiltImage, CachedLayer, FromSteps, ToSteps } from "../exchange/messages.ts";
import { buildNode } from "../node/build.ts";
import { fetchGit } from "../source/git.ts";
import { detect } from "./detect.ts";
import { readBuildEnvironment } from "./environment.ts";
import { StepFailure } from "./run-step.ts";

export interface StepsOptions {
  /** The directory shared with the coordinating side. */
  exchange: string;
  /** An empty directory to work in. */
  work: string;
  /** Where the ConfigMap build-environment is mounted. */
  environment: string;
}

type Begin = Extract<ToSteps, { type: "begin" }>;
type StepsChannel = Channel<FromSteps, ToSteps>;

/** Runs the user's steps of one build and tells the coordinating side what came of it. */
export async function runSteps(options: StepsOptions): Promise<{ succeeded: boolean }> {
  const channel: StepsChannel = await dial({ path: join(options.exchange, "build.sock") });
  const messages = channel.messages[Symbol.asyncIterator]();
  const first = await messages.next();
  if (first.done === true || first.value.type !== "begin") return { succeeded: false };
  const cached = async (key: string): Promise<CachedLayer | undefined> => {
    channel.send({ type: "cached", key });
    const { value } = await messages.next();
    return value?.type === "cached" ? (value.layer ?? undefined) : undefined;
  };
  try {
    const { image, message } = await build(first.value, { ...options, channel, cached });
    channel.send({ type: "built", image, message });
    return { succeeded: true };
  } catch (error) {
    channel.send({ type: "failed", error: describe(asBuilderError(error)) });
    return { succeeded: false };
  } finally {
    await cleanUp(options, messages);
    channel.close();
  }
}

/** A Pod that ended is kept for its log; what it worked with is not. */
async function cleanUp({ exchange, work }: StepsOptions, messages: AsyncIterator<ToSteps>): Promise<void> {
  const remove = (path: string) => rm(path, { recursive: true, force: true }).catch(() => {});
  await remove(work);
  // The other side still reads what was left for it, and hangs up when it is done.
  while ((await messages.next()).done !== true);
  for (const name of await readdir(exchange).catch(() => [])) await remove(join(exchange, name));
}

interface Context extends StepsOptions {
  channel: StepsChannel;
  cached: (key: string) => Promise<CachedLayer | undefined>;
}

async function build(
  begin: Begin,
  { channel, cached, exchange, work, environment: directory }: Context,
): Promise<{ image: BuiltImage; message: string }> {
  const { input, base, registryPort } = begin;
  const environment = readBuildEnvironment(directory);
  const log = (line: string): void => channel.send({ type: "log", line });
  await mkdir(work, { recursive: true });
  const source =
    begin.sourceDirectory ??
    (await fetchSource(begin, { channel, work, variables: environment.variables, log }));
  const detected = detect(source, input.options);
  channel.send({ type: "detected", stack: detected.sentence });
  if (detected.kind === "dockerfile")
    return buildDockerfile({
      source,
      dockerfile: detected.dockerfile,
      input,
      work,
      environment,
      registryPort,
      log,
      signal: channel.gone,
    });
  return buildNode({
    source,
    base,
    exchange,
    work,
    variables: environment.variables,
    log,
    signal: channel.gone,
    cached,
  });
}

interface Fetch {
  channel: StepsChannel;
  work: string;
  variables: Readonly<Record<string, string>>;
  log: (line: string) => void;
}

async function fetchSource({ input }: Begin, { channel, work, variables, log }: Fetch): Promise<string> {
  const { url = "", revision, path } = input.source.git ?? {};
  const fetched = await fetchGit({
    url,
    ...(revision === undefined ? {} : { revision }),
    ...(path === undefined ? {} : { path }),
    directory: join(work, "git"),
    run: { env: { ...variables, HOME: work }, log, signal: channel.gone },
  });
  channel.send({
    type: "fetched",
    revision: fetched.commit,
    message: `commit ${fetched.commit.slice(0, 12)} of ${revision ?? "the default branch"}`,
  });
  return fetched.directory;
}

function describe(error: ImageBuilderError): Extract<FromSteps, { type: "failed" }>["error"] {
  const lines = error.cause instanceof StepFailure ? [...error.cause.lines] : undefined;
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(lines === undefined || lines.length === 0 ? {} : { lines }),
  };
}
