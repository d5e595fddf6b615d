import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lockFile } from "@jdos/component-base";
import { installPackages, missingPackages } from "../../../packages/jdosd/src/host/packages.ts";
import { TestBedError } from "../support/errors.ts";
import { findKubernetes, KUBERNETES_VERSION, type KubernetesCache, kubernetesCache } from "./cache.ts";
import { buildPrograms, goTree } from "./go.ts";
import { generateOpenApi } from "./openapi.ts";
import { DEBIAN_REFLECT2, unpackSource } from "./source.ts";

const BUILD_PROGRAMS = [
  { program: "go", package: "golang-go" },
  { program: "dpkg-source", package: "dpkg-dev" },
];

export interface BuildOptions {
  /** Defaults to the user's cache folder. */
  cache?: KubernetesCache;
  say?: (message: string) => void;
}

/**
 * The directory of Kubernetes' programs; builds them from Debian's source package when they are not in the cache:
 * some 8 minutes on two cores and 4 GB of disk, given back at the end. A build that was killed counts as none,
 * and the next one goes on from what its compiler had done.
 * @throws TestBedError BuildInProgress, SourceMissing, OpenApiWrong; CommandError
 */
export async function buildKubernetes(options: BuildOptions = {}): Promise<string> {
  const { cache = kubernetesCache(), say = () => {} } = options;
  const built = findKubernetes(cache);
  if (built !== undefined) return built;
  await mkdir(dirname(cache.lock), { recursive: true });
  const lock = lockFile(cache.lock, { waitMillis: 3600_000 });
  if (lock === undefined) {
    throw new TestBedError(
      "BuildInProgress",
      `Cannot build Kubernetes ${KUBERNETES_VERSION}: another build runs`,
      { hint: `It holds "${cache.lock}"` },
    );
  }
  try {
    return findKubernetes(cache) ?? (await build(cache, stages(say)));
  } finally {
    lock.release();
  }
}

async function build({ bin, work }: KubernetesCache, stage: (name: string) => void): Promise<string> {
  await installBuildPackages();
  stage("packages installed");
  const tree = goTree(work);
  await mkdir(work, { recursive: true });
  await unpackSource(work, tree.source);
  stage("source unpacked");
  await generateOpenApi(tree);
  stage("OpenAPI generated");
  const made = join(work, "bin");
  await buildPrograms(tree, made);
  stage("programs built");
  await rm(bin, { recursive: true, force: true });
  await rename(made, bin);
  await rm(work, { recursive: true, force: true });
  return bin;
}

async function installBuildPackages(): Promise<void> {
  const missing = await missingPackages({ path: process.env.PATH ?? "", programs: BUILD_PROGRAMS });
  const reflect2 = existsSync(DEBIAN_REFLECT2) ? [] : ["golang-github-modern-go-reflect2-dev"];
  await installPackages([...missing, ...reflect2]);
}

function stages(say: (message: string) => void): (name: string) => void {
  const begin = performance.now();
  say(`Building Kubernetes ${KUBERNETES_VERSION} from Debian's source package, once ...`);
  return (name) => say(`[${String(Math.round((performance.now() - begin) / 1000)).padStart(4)} s] ${name}`);
}
