import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuilderError, BuilderInput, BuilderResult } from "@jdos/api";
import type { RegistryCredential } from "@jdos/component-base";
import { asBuilderError, ImageBuilderError } from "../errors.ts";
import { type Channel, listen } from "../exchange/channel.ts";
import type { BuiltImage, FromSteps, ToSteps } from "../exchange/messages.ts";
import { Registry } from "../registry/registry.ts";
import { fetchBundle } from "../source/bundle.ts";
import { readBase } from "./base.ts";
import { KeptLog, keepLog } from "./kept-log.ts";
import { KnownImages } from "./known-images.ts";
import { recallLayer } from "./layer-cache.ts";
import { startLoopbackRegistry } from "./loopback-registry.ts";
import { LAST_BUILD, type Pushed, pushImage } from "./push.ts";
import { ImageReceiver } from "./receiver.ts";
import { Stages } from "./stages.ts";

export interface CoordinateOptions {
  input: BuilderInput;
  /** Of the registry; it never leaves this side. */
  credential?: RegistryCredential;
  /** The directory shared with the steps. */
  exchange: string;
  /** A line of the build's log. */
  say: (line: string) => void;
  /** Ends the build before its time. */
  signal?: AbortSignal;
}

/** How long the log may take to be kept, and of a Pod that is ended within its grace period. */
const KEEP_MILLIS = 15_000;
const KEEP_MILLIS_STOPPED = 3500;

interface Facts {
  revision?: string;
  stack?: string;
}

/** Does one build: fetches the source, lets the steps run, pushes what they built. Never throws. */
export async function coordinate(options: CoordinateOptions): Promise<BuilderResult> {
  const log = new KeptLog();
  const say = (line: string): void => {
    log.add(line);
    options.say(line);
  };
  const result = await attempt({ ...options, say });
  const kept = await keep(options, log);
  return kept === undefined ? result : { ...result, log: kept };
}

/** A build whose log cannot be kept is what it is without. */
async function keep(
  { input, credential, signal }: CoordinateOptions,
  log: KeptLog,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(signal?.aborted ? KEEP_MILLIS_STOPPED : KEEP_MILLIS);
  const registry = new Registry({
    url: input.registry.url,
    ...(credential && { credential }),
    signal: limit,
  });
  try {
    return await keepLog(registry, { repository: input.repository, build: input.build, log });
  } catch {
    return undefined;
  }
}

async function attempt(options: CoordinateOptions): Promise<BuilderResult> {
  const { input, say } = options;
  const stages = new Stages(say);
  const facts: Facts = {};
  try {
    const { digest } = await build(options, stages, facts);
    return {
      digest,
      image: `${input.registry.host}/${input.repository}@${digest}`,
      stages: stages.list,
      ...facts,
    };
  } catch (error) {
    const failure = options.signal?.aborted ? stopped(options.signal, input) : describe(error);
    stages.failRunning(failure.message);
    say(`error: ${failure.message}`);
    if (failure.hint !== undefined) say(`hint: ${failure.hint}`);
    return { stages: stages.list, ...facts, error: failure };
  }
}

/** An error that the steps reported. */
class StepsError extends Error {
  readonly report: BuilderError;

  constructor(report: BuilderError) {
    super(report.message);
    this.report = report;
  }
}

async function build(options: CoordinateOptions, stages: Stages, facts: Facts): Promise<Pushed> {
  const { input, credential, exchange, signal } = options;
  const registry = new Registry({
    url: input.registry.url,
    ...(credential && { credential }),
    ...(signal && { signal }),
  });
  stages.begin("source");
  const scratch = await mkdtemp(join(tmpdir(), "jdos-build-"));
  const listener = await listen<ToSteps, FromSteps>({
    path: join(exchange, "build.sock"),
    ...(signal && { signal }),
  });
  try {
    const [base, sourceDirectory] = await Promise.all([
      readBase(registry, input.baseImage),
      fetchSource(registry, { options, stages, facts }),
    ]);
    const known = new KnownImages(registry, base);
    known.add(input.repository, LAST_BUILD);
    const receiver = new ImageReceiver(scratch, known);
    const platform = `${input.registry.prefix ?? ""}jdos/`;
    const readable = (name: string): boolean => name.startsWith(platform) || name === input.repository;
    const loopback = await startLoopbackRegistry({ registry, known, receiver, readable });
    try {
      const channel = await listener.accepted;
      channel.send({
        type: "begin",
        input,
        ...(sourceDirectory && { sourceDirectory }),
        base: { digest: base.digest, config: base.config },
        registryPort: loopback.port,
      });
      if (sourceDirectory !== undefined) stages.begin("build");
      const image = await followSteps(channel, { options, stages, facts, registry });
      stages.begin("push");
      const { squash = false } = input.options ?? {};
      const target = { registry, repository: input.repository, exchange, scratch, base, receiver, squash };
      const pushed = await pushImage(image, target);
      const layers = pushed.uploaded === 1 ? "layer" : "layers";
      const counts = `${pushed.uploaded} ${layers} uploaded, ${pushed.shared} there already`;
      stages.succeed("push", `${pushed.digest}: ${counts}`);
      return pushed;
    } finally {
      await loopback.stop();
    }
  } finally {
    listener.close();
    // However far it came: the steps must learn that it is over.
    listener.accepted.then((channel) => channel.close()).catch(() => {});
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Fetching {
  options: CoordinateOptions;
  stages: Stages;
  facts: Facts;
}

/** Fetches a bundle; a git repository is fetched by the steps, which need no credential for it. */
async function fetchSource(
  registry: Registry,
  { options, stages, facts }: Fetching,
): Promise<string | undefined> {
  const { input, exchange } = options;
  if (input.source.bundle === undefined) return undefined;
  const { digest } = input.source.bundle;
  const directory = join(exchange, "source");
  const { files, sizeBytes } = await fetchBundle(registry, {
    repository: input.repository,
    digest,
    directory,
  });
  facts.revision = digest;
  stages.succeed("source", `${files} files, ${Math.ceil(sizeBytes / 1024)} KiB`);
  return directory;
}

interface Following {
  options: CoordinateOptions;
  stages: Stages;
  facts: Facts;
  registry: Registry;
}

async function followSteps(
  channel: Channel<ToSteps, FromSteps>,
  { options, stages, facts, registry }: Following,
): Promise<BuiltImage> {
  const { input, say, signal } = options;
  signal?.addEventListener("abort", () => channel.close(), { once: true });
  for await (const message of channel.messages) {
    if (signal?.aborted) break;
    switch (message.type) {
      case "log":
        say(message.line);
        break;
      case "fetched":
        facts.revision = message.revision;
        stages.succeed("source", message.message);
        stages.begin("build");
        break;
      case "detected":
        facts.stack = message.stack;
        say(message.stack);
        break;
      case "cached": {
        const layer = await recallLayer(registry, input.repository, message.key);
        channel.send({ type: "cached", layer: layer ?? null });
        break;
      }
      case "built":
        stages.succeed("build", message.message);
        return message.image;
      case "failed":
        throw new StepsError(message.error);
    }
  }
  throw new ImageBuilderError(
    "StepsLost",
    "Cannot finish the build: the container of the steps ended without a result",
    { hint: "It may have used more memory than a build has" },
  );
}

function describe(error: unknown): BuilderError {
  if (error instanceof StepsError) return error.report;
  const { code, message, hint } = asBuilderError(error);
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function stopped({ reason }: AbortSignal, { timeoutSeconds }: BuilderInput): BuilderError {
  if ((reason as Error | undefined)?.name !== "TimeoutError")
    return { code: "Stopped", message: "Cannot finish the build: it was stopped" };
  return {
    code: "TimedOut",
    message: `Cannot finish the build: it took longer than ${timeoutSeconds} s and was stopped`,
    hint: "Set build.timeoutSeconds, or make the build do less",
  };
}
