import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuilderInput } from "@jdos/api";
import { DEFAULT_REGISTRY } from "@jdos/component-base";
import { ImageBuilderError } from "../errors.ts";
import { type BuiltImage, RECEIVED_REPOSITORY } from "../exchange/messages.ts";
import { type BuildEnvironment, PROXY_VARIABLES } from "../steps/environment.ts";
import { runStep, StepFailure } from "../steps/run-step.ts";
import { explainFailure } from "./explain.ts";
import { environmentVolumes } from "./volumes.ts";

export interface DockerfileBuildOptions {
  source: string;
  dockerfile: string;
  input: BuilderInput;
  /** An empty directory to work in. */
  work: string;
  environment: BuildEnvironment;
  registryPort: number;
  log: (line: string) => void;
  /** Ends what runs. */
  signal: AbortSignal;
}

/**
 * Builds a Dockerfile with buildah, without privileges and without any credential: images of the platform come
 * from a registry on the loopback address, and the result goes to it.
 */
export async function buildDockerfile(
  options: DockerfileBuildOptions,
): Promise<{ image: BuiltImage; message: string }> {
  const { source, dockerfile, input, work, environment, log } = options;
  const settings = await writeSettings(options);
  const env = {
    ...environment.variables,
    HOME: work,
    TMPDIR: work,
    BUILDAH_ISOLATION: "chroot",
    CONTAINERS_REGISTRIES_CONF: settings.registries,
    CONTAINERS_STORAGE_CONF: settings.storage,
  };
  await chooseStorage(settings.storage, { work, env });
  const iidFile = join(work, "image-id");
  const watched = stepWatch(log);
  const build = [
    "buildah",
    "build",
    "--isolation",
    "chroot",
    "--format",
    "oci",
    "--timestamp",
    "0",
    "--pull",
    "--no-cache",
    "--signature-policy",
    settings.policy,
    "--iidfile",
    iidFile,
    "--file",
    join(source, dockerfile),
    ...(await environmentVolumes(environment, work)),
    ...buildArguments(input, environment),
    source,
  ];
  try {
    await runStep(build, { env, log: watched.log, cwd: work, signal: options.signal });
  } catch (error) {
    throw error instanceof StepFailure
      ? explainFailure(error, { lastStep: watched.lastStep(), dockerfile, input })
      : error;
  }
  await push(options, { env, policy: settings.policy, image: await readFile(iidFile, "utf8") });
  return {
    image: { kind: "pushed" },
    message: `${dockerfile} built in ${watched.count()} steps`,
  };
}

interface PushOptions {
  env: Record<string, string>;
  policy: string;
  /** sha256:... */
  image: string;
}

/** Uncompressed: layers that the image began with are recognised by their content and not sent. */
async function push(
  { registryPort, log, signal }: DockerfileBuildOptions,
  { env, policy, image }: PushOptions,
): Promise<void> {
  const to = `docker://127.0.0.1:${registryPort}/${RECEIVED_REPOSITORY}:latest`;
  const id = image.trim().replace(/^sha256:/, "");
  const flags = ["--quiet", "--disable-compression", "--tls-verify=false", "--signature-policy", policy];
  try {
    await runStep(["buildah", "push", ...flags, id, to], { env, log, signal });
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    const why = error.lines.at(-1) ?? error.message;
    throw new ImageBuilderError("BuilderFailed", `Cannot hand over the image: ${why}`, { cause: error });
  }
}

interface SettingsFiles {
  registries: string;
  storage: string;
  policy: string;
}

async function writeSettings({ work, input, registryPort }: DockerfileBuildOptions): Promise<SettingsFiles> {
  const registries = join(work, "registries.conf");
  const policy = join(work, "policy.json");
  await writeFile(registries, registriesConf(input.registry, registryPort));
  await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
  return { registries, policy, storage: join(work, "storage.conf") };
}

/**
 * Chooses how layers are kept: overlay where the kernel lets a user namespace mount one, else plain copies, which
 * work everywhere and cost a copy of the whole image for each layer.
 */
async function chooseStorage(
  storage: string,
  { work, env }: { work: string; env: Record<string, string> },
): Promise<void> {
  for (const driver of ["overlay", "vfs"]) {
    const root = join(work, driver);
    await mkdir(root);
    await writeFile(
      storage,
      `[storage]\ndriver = "${driver}"\ngraphroot = "${root}"\nrunroot = "${join(work, "run")}"\n`,
    );
    if (driver === "vfs") return;
    try {
      await runStep(["buildah", "info"], { env, log: () => {}, timeoutSeconds: 30 });
      return;
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
    }
  }
}

/**
 * The platform's registry is reached through the mirror, under its own name and under the one it has on one machine,
 * so that a Dockerfile builds on both; names without a host are Docker Hub's.
 */
export function registriesConf(
  { host, prefix = "" }: BuilderInput["registry"],
  registryPort: number,
): string {
  const path = prefix === "" ? "" : `/${prefix.slice(0, -1)}`;
  const location = `127.0.0.1:${registryPort}${path}`;
  const names = [...new Set([`${host}${path}`, DEFAULT_REGISTRY.host])];
  const mirrors = names.map(
    (name) => `[[registry]]\nprefix = "${name}"\nlocation = "${location}"\ninsecure = true\n`,
  );
  return `unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n\n${mirrors.join("\n")}`;
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

function stepWatch(log: (line: string) => void) {
  let last: string | undefined;
  let count = 0;
  return {
    log: (line: string): void => {
      const step = /^STEP \d+\/\d+: (.*)$/.exec(line)?.[1];
      if (step !== undefined) {
        last = step;
        count++;
      }
      log(line);
    },
    lastStep: () => last,
    count: () => count,
  };
}
