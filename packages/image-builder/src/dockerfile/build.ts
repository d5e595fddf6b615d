import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuilderInput } from "@jdos/api";
import { ImageBuilderError } from "../errors.ts";
import type { BuiltImage } from "../exchange/messages.ts";
import { type BuildEnvironment, PROXY_VARIABLES } from "../steps/environment.ts";
import { runStep, StepFailure } from "../steps/run-step.ts";
import { explainFailure } from "./explain.ts";
import { environmentVolumes } from "./volumes.ts";

export interface DockerfileBuildOptions {
  source: string;
  dockerfile: string;
  input: BuilderInput;
  /** The image is left here, in the folder image. */
  exchange: string;
  /** An empty directory to work in. */
  work: string;
  environment: BuildEnvironment;
  mirrorPort: number;
  log: (line: string) => void;
}

const FOLDER = "image";

/**
 * Builds a Dockerfile with buildah, without privileges and without any credential: images of the platform come
 * through the mirror, the result goes to a directory.
 */
export async function buildDockerfile(
  options: DockerfileBuildOptions,
): Promise<{ image: BuiltImage; message: string }> {
  const { source, dockerfile, input, exchange, work, environment, log } = options;
  const settings = await writeSettings(options);
  const env = {
    ...environment.variables,
    HOME: work,
    TMPDIR: work,
    BUILDAH_ISOLATION: "chroot",
    CONTAINERS_REGISTRIES_CONF: settings.registries,
    CONTAINERS_STORAGE_CONF: settings.storage,
  };
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
    await runStep(build, { env, log: watched.log, cwd: work });
  } catch (error) {
    throw error instanceof StepFailure
      ? explainFailure(error, { lastStep: watched.lastStep(), dockerfile, input })
      : error;
  }
  // Uncompressed: layers of the base are recognised by their content and need not be uploaded again.
  const { lines } = await runStep(["cat", iidFile], { env, log: () => {} });
  const id = lines[0]?.trim().replace(/^sha256:/, "") ?? "";
  try {
    await runStep(
      [
        "buildah",
        "push",
        "--quiet",
        "--disable-compression",
        "--signature-policy",
        settings.policy,
        id,
        `oci:${join(exchange, FOLDER)}:latest`,
      ],
      { env, log },
    );
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw new ImageBuilderError(
      "BuilderFailed",
      `Cannot write the image: ${error.lines.at(-1) ?? error.message}`,
      { cause: error },
    );
  }
  return {
    image: { kind: "layout", folder: FOLDER },
    message: `${dockerfile} built in ${watched.count()} steps`,
  };
}

async function writeSettings({
  work,
  input,
  mirrorPort,
}: DockerfileBuildOptions): Promise<{ registries: string; storage: string; policy: string }> {
  const registries = join(work, "registries.conf");
  const storage = join(work, "storage.conf");
  const policy = join(work, "policy.json");
  await mkdir(join(work, "containers"), { recursive: true });
  await writeFile(registries, registriesConf(input.registry.host, mirrorPort));
  await writeFile(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${join(work, "containers")}"\nrunroot = "${join(work, "run")}"\n`,
  );
  await writeFile(policy, JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }));
  return { registries, storage, policy };
}

/** The platform's registry is reached through the mirror; names without a host are Docker Hub's. */
export function registriesConf(host: string, mirrorPort: number): string {
  return `unqualified-search-registries = ["docker.io"]\nshort-name-mode = "permissive"\n\n[[registry]]\nprefix = "${host}"\nlocation = "127.0.0.1:${mirrorPort}"\ninsecure = true\n`;
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
