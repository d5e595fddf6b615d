import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BuilderError,
  type BuilderInput,
  type BuilderMirror,
  type BuilderResult,
  type BuildMaterial,
  type BuildStageName,
  hasBuildStage,
} from "@jdos/api/builder";
import type { RegistryCredential } from "@jdos/component-base/registry";
import { asBuilderError, ImageBuilderError } from "../errors.ts";
import { type Channel, listen } from "../exchange/channel.ts";
import type { FromSteps, ToSteps } from "../exchange/messages.ts";
import { attachSbom, type KnownPackages, preparePackages } from "../packages/attach-sbom.ts";
import type { Package } from "../packages/lists.ts";
import { sourcePackages } from "../packages/source-packages.ts";
import { Registry } from "../registry/registry.ts";
import { fetchBundle } from "../source/bundle.ts";
import { readBase } from "./base.ts";
import { KeptLog, keepLog } from "./kept-log.ts";
import { KnownImages } from "./known-images.ts";
import { recallLayer } from "./layer-cache.ts";
import { startLoopbackRegistry } from "./loopback-registry.ts";
import { LAST_BUILD, type Pushed, pushImage } from "./push.ts";
import { readableRepositories } from "./readable.ts";
import { ImageReceiver } from "./receiver.ts";
import { Stages } from "./stages.ts";

export interface CoordinateOptions {
  input: BuilderInput;
  /** Of the registry; it never leaves this side. */
  credential?: RegistryCredential;
  /** Of mirrors; they never leave this side. Defaults to none. */
  mirrorCredential?: (mirror: BuilderMirror) => RegistryCredential | undefined;
  /** Where the Secret of a private repository is mounted; it never leaves this side either. */
  gitCredential: string;
  /** Where the ConfigMap build-environment is mounted. */
  environment: string;
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

/** What steps may say of where they began. */
const MAX_BASES = 4;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9./:@_-]{0,159}$/;

interface Facts {
  revision?: string;
  stack?: string;
  materials?: BuildMaterial[];
  bases?: BuildMaterial[];
  sbom?: string;
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
    const pushed = await build(options, stages, facts);
    return {
      digest: pushed.digest,
      image: referenceOf(input, pushed),
      stages: stages.list,
      ...facts,
    };
  } catch (error) {
    const failure = options.signal?.aborted ? stopped(options.signal, input) : describe(error);
    stages.failRunning(failure.message);
    say(`error: ${failure.message}`);
    if (failure.hint !== undefined) say(`hint: ${failure.hint}`);
    const { revision, stack } = facts;
    return {
      stages: stages.list,
      ...(revision === undefined ? {} : { revision }),
      ...(stack === undefined ? {} : { stack }),
      error: failure,
    };
  }
}

function referenceOf({ registry, repository }: BuilderInput, { digest }: Pushed): string {
  return `${registry.host}/${repository}@${digest}`;
}

function afterSource({ options }: BuilderInput): BuildStageName {
  return hasBuildStage("test", options) ? "test" : "build";
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
  // A kubelet lets everybody write there: who runs a step shall not put another source in this one's place.
  await chmod(exchange, 0o755);
  const listener = await listen<ToSteps, FromSteps>({
    path: join(exchange, "build.sock"),
    ...(signal && { signal }),
  });
  try {
    const [base, sourceDirectory] = await Promise.all([
      readBase(registry, input.baseImage),
      fetchSource(registry, { options, stages, facts, scratch }),
    ]);
    const knownPackages = preparePackages(registry, { repository: input.repository, base });
    // As it came: later the steps may write there.
    const named = sourceDirectory === undefined ? [] : await sourcePackages(sourceDirectory);
    const known = new KnownImages(registry, base);
    known.add(input.repository, LAST_BUILD);
    const receiver = new ImageReceiver(scratch, known);
    const { mirrorCredential = () => undefined, say } = options;
    const readable = readableRepositories({ input, registry, mirrorCredential, ...(signal && { signal }) });
    const loopback = await startLoopbackRegistry({ known, receiver, readable, say });
    try {
      const channel = await listener.accepted;
      channel.send({
        type: "begin",
        input,
        ...(sourceDirectory && { sourceDirectory }),
        base: { digest: base.digest, config: base.config },
        registryPort: loopback.port,
      });
      if (sourceDirectory !== undefined) stages.begin(afterSource(input));
      const following = { options, stages, facts, registry };
      const { image, bases = [] } = await followSteps(channel, "built", following);
      stages.begin("push");
      const { repository, build } = input;
      const { squash = false } = input.options ?? {};
      const target = { registry, repository, build, exchange, scratch, base, receiver, squash };
      const pushed = await pushImage(image, target);
      const layers = pushed.uploaded === 1 ? "layer" : "layers";
      const counts = `${pushed.uploaded} ${layers} uploaded, ${pushed.shared} there already`;
      stages.succeed("push", `${pushed.digest}: ${counts}`);
      const said = bases.filter(isMaterial).slice(0, MAX_BASES);
      if (said.length > 0) facts.bases = said;
      facts.materials = known.materials({ host: input.registry.host, base, layers: pushed.layers });
      await listPackages({ options, registry, facts, pushed, known: await knownPackages, source: named });
      if (hasBuildStage("after", input.options)) {
        stages.begin("after");
        channel.send({ type: "pushed", image: referenceOf(input, pushed), revision: facts.revision ?? "" });
        await followSteps(channel, "checked", following);
      }
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

/** The steps are the user's: what they say is looked at before it goes on. */
function isMaterial({ image, digest }: BuildMaterial): boolean {
  return NAME.test(image) && /^sha256:[a-f0-9]{64}$/.test(digest);
}

interface Listing {
  options: CoordinateOptions;
  registry: Registry;
  facts: Facts;
  pushed: Pushed;
  known: KnownPackages;
  source: readonly Package[];
}

/** An image whose packages cannot be listed is there all the same. */
async function listPackages({ options, registry, facts, pushed, known, source }: Listing): Promise<void> {
  const { input, say, signal } = options;
  const { repository } = input;
  try {
    const { host } = input.registry;
    const sbom = await attachSbom({ registry, repository, host, digest: pushed.digest, known, source });
    facts.sbom = sbom.digest;
    say(
      `${sbom.packages} packages are in the image${sbom.unread === 0 ? "" : `; ${sbom.unread} lists could not be read`}`,
    );
  } catch (error) {
    if (signal?.aborted) throw error;
    say(`note: the packages of the image are not listed: ${asBuilderError(error).message}`);
  }
}

interface Fetching {
  options: CoordinateOptions;
  stages: Stages;
  facts: Facts;
  scratch: string;
}

/** Fetches a bundle or a private repository; one that needs no credential is fetched by the steps. */
async function fetchSource(
  registry: Registry,
  { options, stages, facts, scratch }: Fetching,
): Promise<string | undefined> {
  const { input, exchange, environment, say, signal } = options;
  const { git, bundle } = input.source;
  const directory = join(exchange, "source");
  if (git?.secret !== undefined) {
    const { fetchPrivate } = await import("./private-source.ts");
    const mounted = options.gitCredential;
    const where = { mounted, environment, scratch, directory };
    const fetched = await fetchPrivate({ git, ...where, log: say, ...(signal && { signal }) });
    facts.revision = fetched.commit;
    stages.succeed(
      "source",
      `commit ${fetched.commit.slice(0, 12)} of ${git.revision ?? "the default branch"}`,
    );
    return fetched.directory;
  }
  if (bundle === undefined) return undefined;
  const { digest } = bundle;
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

type Milestone = Extract<FromSteps, { type: "built" | "checked" }>;

/** Does what the steps ask for until they have come to this; what they say later is left for the next call. */
async function followSteps<Type extends Milestone["type"]>(
  channel: Channel<ToSteps, FromSteps>,
  until: Type,
  { options, stages, facts, registry }: Following,
): Promise<Extract<Milestone, { type: Type }>> {
  const { input, say, signal } = options;
  signal?.addEventListener("abort", () => channel.close(), { once: true });
  const messages = channel.messages[Symbol.asyncIterator]();
  for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
    if (signal?.aborted) break;
    const message = next.value;
    switch (message.type) {
      case "log":
        say(message.line);
        break;
      case "fetched":
        facts.revision = message.revision;
        stages.succeed("source", message.message);
        stages.begin(afterSource(input));
        break;
      case "tested":
        stages.succeed("test", message.message);
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
      case "checked":
        if (message.type !== until) break;
        stages.succeed(message.type === "built" ? "build" : "after", message.message);
        return message as Extract<Milestone, { type: Type }>;
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
