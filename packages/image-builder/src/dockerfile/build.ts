import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuilderInput, BuildMaterial } from "@jdos/api/builder";
import { DEFAULT_REGISTRY } from "@jdos/component-base/registry";
import { ImageBuilderError } from "../errors.ts";
import { type BuiltImage, MIRROR_REPOSITORY, RECEIVED_REPOSITORY } from "../exchange/messages.ts";
import { type BuildEnvironment, PROXY_VARIABLES } from "../steps/environment.ts";
import { runStep, StepFailure } from "../steps/run-step.ts";
import { usableDockerfile } from "./cache-locks.ts";
import { explainFailure } from "./explain.ts";
import { foreignBases } from "./foreign-bases.ts";
import type { MountedSecret } from "./secrets.ts";
import { type BuildStorage, openStorage } from "./storage.ts";
import { environmentVolumes } from "./volumes.ts";

export interface DockerfileBuildOptions {
  source: string;
  /** The Dockerfile: where it is, and what it is called. */
  file: string;
  name: string;
  input: BuilderInput;
  /** An empty directory to work in. */
  work: string;
  /** Where layers are kept for the next build of the system. */
  cache?: string;
  environment: BuildEnvironment;
  registryPort: number;
  secrets?: readonly MountedSecret[];
  /** Directories that the Dockerfile copies from by name. */
  contexts?: Readonly<Record<string, string>>;
  /** Instead of the source's .dockerignore. */
  ignoreFile?: string;
  log: (line: string) => unknown;
  /** Ends what runs. */
  signal: AbortSignal;
}

export interface DockerfileBuild {
  image: BuiltImage;
  message: string;
  /** What FROM named at registries that are not the platform's. */
  bases: BuildMaterial[];
  /** Clears up in what is kept; the build need not wait for it. */
  settle(): Promise<void>;
}

/**
 * Builds a Dockerfile with buildah, without privileges and without any credential: images of the platform come
 * from a registry on the loopback address, and the result goes to it. Steps whose outcome is known from an earlier
 * build of the system are not run again.
 */
export async function buildDockerfile(options: DockerfileBuildOptions): Promise<DockerfileBuild> {
  const { name, input, work, environment, log, signal } = options;
  const settings = await writeSettings(options);
  const storage = await openStorage({
    work,
    ...(options.cache && { cache: options.cache }),
    env: {
      ...environment.variables,
      HOME: work,
      BUILDAH_ISOLATION: "chroot",
      CONTAINERS_REGISTRIES_CONF: settings.registries,
    },
  });
  const { env } = storage;
  const iidFile = join(work, "image-id");
  const watched = stepWatch(log);
  const flags = [
    ...["--isolation", "chroot", "--format", "oci", "--timestamp", "0", "--pull"],
    ...(storage.isKept ? ["--layers"] : ["--no-cache"]),
    ...["--signature-policy", settings.policy, "--iidfile", iidFile],
    ...["--file", await usableDockerfile(options.file, work)],
    ...(options.ignoreFile === undefined ? [] : ["--ignorefile", options.ignoreFile]),
    ...Object.entries(options.contexts ?? {}).flatMap(([key, path]) => ["--build-context", `${key}=${path}`]),
    ...(options.secrets ?? []).flatMap(({ name: id, file }) => ["--secret", `id=${id},src=${file}`]),
    ...(await environmentVolumes(environment, work)),
    ...buildArguments(input, environment),
  ];
  const build = storage.using(["buildah", "build", ...flags, options.source]);
  try {
    await runStep(build, { env, log: watched.log, cwd: work, signal });
  } catch (error) {
    await storage.abandon();
    await storage.settle();
    throw error instanceof StepFailure
      ? explainFailure(error, { lastStep: watched.lastStep(), dockerfile: name, input })
      : error;
  }
  const image = await readFile(iidFile, "utf8");
  const platform = platformNames(input.registry);
  const named = watched.from().filter((name) => !platform.some((each) => name.startsWith(`${each}/`)));
  const bases = await foreignBases(named, { env, using: storage.using, signal });
  await push(options, { env, policy: settings.policy, image, using: storage.using });
  const kept = watched.cached();
  const which = kept === 0 ? "" : `, ${kept} of them known from earlier builds`;
  return {
    image: { kind: "pushed" },
    message: `${name} built in ${watched.count()} steps${which}`,
    bases,
    settle: storage.settle,
  };
}

interface PushOptions {
  env: Readonly<Record<string, string>>;
  using: BuildStorage["using"];
  policy: string;
  /** sha256:... */
  image: string;
}

/** Uncompressed: layers that the image began with are recognised by their content and not sent. */
async function push(
  { registryPort, log, signal }: DockerfileBuildOptions,
  { env, using, policy, image }: PushOptions,
): Promise<void> {
  const to = `docker://127.0.0.1:${registryPort}/${RECEIVED_REPOSITORY}:latest`;
  const id = image.trim().replace(/^sha256:/, "");
  const flags = ["--quiet", "--disable-compression", "--tls-verify=false", "--signature-policy", policy];
  try {
    await runStep(using(["buildah", "push", ...flags, id, to]), { env, log, signal });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    const why = error.lines.at(-1) ?? error.message;
    throw new ImageBuilderError("BuilderFailed", `Cannot hand over the image: ${why}`, { cause: error });
  }
}

interface SettingsFiles {
  registries: string;
  policy: string;
}

async function writeSettings({ work, input, registryPort }: DockerfileBuildOptions): Promise<SettingsFiles> {
  const registries = join(work, "registries.conf");
  const policy = join(work, "policy.json");
  await writeFile(registries, registriesConf(input.registry, registryPort));
  await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
  return { registries, policy };
}

/**
 * The platform's registry is reached through the mirror, under its own name and under the one it has on one machine,
 * so that a Dockerfile builds on both; so are registries that have a mirror of their own. Names without a host are
 * Docker Hub's. The longest prefix counts. Source: containers-registries.conf(5).
 */
export function registriesConf(registry: BuilderInput["registry"], registryPort: number): string {
  const loopback = `127.0.0.1:${registryPort}`;
  const places = new Map(
    (registry.mirrors ?? []).map((mirror, at) => [mirror.prefix, `${loopback}/${MIRROR_REPOSITORY}/${at}`]),
  );
  for (const name of platformNames(registry)) places.set(name, `${loopback}${pathOf(registry)}`);
  const registries = [...places].map(
    ([name, location]) => `[[registry]]\nprefix = "${name}"\nlocation = "${location}"\ninsecure = true\n`,
  );
  return `unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n\n${registries.join("\n")}`;
}

/** What images of the platform's registry begin with. */
function platformNames(registry: BuilderInput["registry"]): string[] {
  return [...new Set([`${registry.host}${pathOf(registry)}`, DEFAULT_REGISTRY.host])];
}

function pathOf({ prefix = "" }: BuilderInput["registry"]): string {
  return prefix === "" ? "" : `/${prefix.slice(0, -1)}`;
}

function buildArguments({ options }: BuilderInput, { variables }: BuildEnvironment): string[] {
  const proxies = PROXY_VARIABLES.filter((name) => variables[name] !== undefined).map(
    (name) => [name, variables[name] ?? ""] as const,
  );
  return [...proxies, ...Object.entries(options?.args ?? {})].flatMap(([name, value]) => [
    "--build-arg",
    `${name}=${value}`,
  ]);
}

function stepWatch(log: (line: string) => unknown) {
  let last: string | undefined;
  let count = 0;
  const from = new Set<string>();
  let cached = 0;
  return {
    log: (line: string): unknown => {
      const step = /^(?:\[\d+\/\d+\] )?STEP \d+\/\d+: (.*)$/.exec(line)?.[1];
      if (step !== undefined) {
        last = step;
        const base = /^FROM (\S+)/i.exec(step)?.[1];
        if (base !== undefined) from.add(base);
        count++;
      }
      if (line.startsWith("--> Using cache ")) cached++;
      return log(line);
    },
    from: () => [...from],
    lastStep: () => last,
    count: () => count,
    cached: () => cached,
  };
}
