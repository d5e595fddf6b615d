import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type BuildMaterial, hasBuildStage } from "@jdos/api/builder";
import { type MountedSecret, mountedSecrets, redactor } from "../dockerfile/secrets.ts";
import { asBuilderError, type ImageBuilderError } from "../errors.ts";
import { type Channel, dial } from "../exchange/channel.ts";
import type { BuiltImage, CachedLayer, FromSteps, ToSteps } from "../exchange/messages.ts";
import { askedVersion } from "../node/asked-version.ts";
import { readProject } from "../node/package.ts";
import type { NodeRuntime, RuntimeOptions } from "../node/runtime.ts";
import { type Detected, detect } from "./detect.ts";
import { type DiskGuard, guardDisk } from "./disk-guard.ts";
import { type BuildEnvironment, readBuildEnvironment } from "./environment.ts";
import type { OwnSteps, OwnStepsOptions } from "./own-steps.ts";
import { StepFailure } from "./run-step.ts";

export interface StepsOptions {
  /** The directory shared with the coordinating side. */
  exchange: string;
  /** An empty directory to work in. */
  work: string;
  /** Where the ConfigMap build-environment is mounted. */
  environment: string;
  /** Kept between the builds of a system; absent where nothing is kept. */
  cache: string;
  /** Where the build's secrets are mounted, a directory each. */
  secrets: string;
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
  let redact = (line: string): string => line;
  let disk: DiskGuard | undefined;
  let settle = async (): Promise<void> => {};
  try {
    const secrets = mountedSecrets(options.secrets, first.value.input.options?.secrets);
    redact = redactor(secrets);
    const log = (line: string) => channel.send({ type: "log", line: redact(line) });
    disk = await guardDisk({ paths: [options.cache, dirname(options.work)] });
    const signal = AbortSignal.any([channel.gone, disk.signal]);
    const built = await build(first.value, { ...options, channel, cached, secrets, log, signal });
    settle = built.settle ?? settle;
    const { image, message, bases } = built;
    channel.send({ type: "built", image, message, ...(bases && { bases }) });
    if (hasBuildStage("after", first.value.input.options)) {
      const { value } = await messages.next();
      if (value?.type !== "pushed") return { succeeded: false };
      channel.send({ type: "checked", message: await built.after(value) });
    }
    return { succeeded: true };
  } catch (error) {
    channel.send({ type: "failed", error: describe(asBuilderError(error), redact) });
    return { succeeded: false };
  } finally {
    disk?.stop();
    await settle().catch((error: Error) => process.stderr.write(`${redact(error.message)}\n`));
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

interface Context extends Omit<StepsOptions, "secrets"> {
  channel: StepsChannel;
  cached: (key: string) => Promise<CachedLayer | undefined>;
  secrets: readonly MountedSecret[];
  log: (line: string) => unknown;
  /** Ends what runs. */
  signal: AbortSignal;
}

interface Made {
  image: BuiltImage;
  message: string;
  bases?: BuildMaterial[];
  settle?(): Promise<void>;
}

interface Built extends Made {
  /** Runs the steps of one's own that follow; resolves with a sentence. */
  after(pushed: Extract<ToSteps, { type: "pushed" }>): Promise<string>;
}

async function build(begin: Begin, context: Context): Promise<Built> {
  const { channel, work, log, signal } = context;
  const { input } = begin;
  const environment = readBuildEnvironment(context.environment);
  await mkdir(work, { recursive: true });
  await keepInPlace(work);
  const source =
    begin.sourceDirectory ??
    (await fetchSource(begin, { channel, work, variables: environment.variables, log, signal }));
  const detected = detect(source, input.options);
  channel.send({ type: "detected", stack: detected.sentence });
  const runtime = await runtimeOf(detected, source, { work, log, signal, variables: environment.variables });
  const variables = runtime === undefined ? environment.variables : withRuntime(environment, runtime);
  const installs = detected.kind === "node" || (detected.kind === "plan" && detected.stack === "static");
  const own = ownSteps({ source, work, variables, log, signal, installs, runtime });
  const { before = [], after = [] } = input.options?.steps ?? {};
  const facts = {
    JDOS_SYSTEM: input.system,
    JDOS_APPLICATION: input.application,
    JDOS_BUILD: input.build,
  };
  if (before.length > 0) channel.send({ type: "tested", message: await (await own()).run(before, facts) });
  return {
    ...(await makeImage(
      { begin, source, detected, environment: { ...environment, variables }, runtime },
      context,
    )),
    after: async ({ image, revision }) =>
      (await own()).run(after, { ...facts, JDOS_IMAGE: image, JDOS_REVISION: revision }),
  };
}

/** The same for before and after; most builds have none, and load none. */
function ownSteps(options: OwnStepsOptions): () => Promise<OwnSteps> {
  let made: Promise<OwnSteps> | undefined;
  return () => {
    made ??= import("./own-steps.ts").then(({ OwnSteps }) => new OwnSteps(options));
    return made;
  };
}

/** A Node other than the base's, where a Node application asks for one. */
async function runtimeOf(
  detected: Detected,
  source: string,
  options: RuntimeOptions,
): Promise<NodeRuntime | undefined> {
  if (detected.kind !== "node") return undefined;
  const asked = await askedVersion(source, readProject(source).manifest);
  if (asked === undefined) return undefined;
  const { chooseRuntime } = await import("../node/runtime.ts");
  return chooseRuntime(asked, options);
}

function withRuntime(
  { variables }: BuildEnvironment,
  { bin }: NodeRuntime,
): Readonly<Record<string, string>> {
  return { ...variables, PATH: `${bin}:${variables.PATH}` };
}

/** Where everybody may write, as a kubelet makes it, nobody else may take the directory away. */
async function keepInPlace(directory: string): Promise<void> {
  const parent = dirname(directory);
  const { mode } = await stat(parent);
  if ((mode & 0o002) !== 0) await chmod(parent, (mode & 0o777) | 0o1000);
}

interface Source {
  begin: Begin;
  source: string;
  detected: Detected;
  environment: BuildEnvironment;
  runtime?: NodeRuntime | undefined;
}

async function makeImage(
  { begin, source, detected, environment, runtime }: Source,
  context: Context,
): Promise<Made> {
  const { cached, exchange, work, cache, secrets, log, signal } = context;
  const { input, base, registryPort } = begin;
  const common = { source, work, log, signal };
  if (detected.kind === "node") {
    const { buildNode } = await import("../node/build.ts");
    return buildNode({ ...common, base, exchange, variables: environment.variables, cached, runtime });
  }
  const kept = existsSync(cache) ? { cache } : {};
  const options = { ...common, ...kept, input, environment, registryPort, secrets };
  if (detected.kind === "plan") {
    const { buildStack } = await import("../stacks/build.ts");
    return buildStack({ ...options, stack: detected.stack, plan: detected.plan });
  }
  const { buildDockerfile } = await import("../dockerfile/build.ts");
  const name = detected.dockerfile;
  return buildDockerfile({ ...options, name, file: join(source, name) });
}

interface Fetch {
  channel: StepsChannel;
  work: string;
  variables: Readonly<Record<string, string>>;
  log: (line: string) => unknown;
  signal: AbortSignal;
}

async function fetchSource(
  { input }: Begin,
  { channel, work, variables, log, signal }: Fetch,
): Promise<string> {
  const { fetchGit } = await import("../source/git.ts");
  const { url = "", revision, path } = input.source.git ?? {};
  const fetched = await fetchGit({
    url,
    ...(revision === undefined ? {} : { revision }),
    ...(path === undefined ? {} : { path }),
    directory: join(work, "git"),
    run: { env: { ...variables, HOME: work }, log, signal },
  });
  channel.send({
    type: "fetched",
    revision: fetched.commit,
    message: `commit ${fetched.commit.slice(0, 12)} of ${revision ?? "the default branch"}`,
  });
  return fetched.directory;
}

function describe(
  error: ImageBuilderError,
  redact: (line: string) => string,
): Extract<FromSteps, { type: "failed" }>["error"] {
  const lines = error.cause instanceof StepFailure ? error.cause.lines.map(redact) : undefined;
  return {
    code: error.code,
    message: redact(error.message),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(lines === undefined || lines.length === 0 ? {} : { lines }),
  };
}
