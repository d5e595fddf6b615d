import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const KUBERNETES_VERSION = "1.20.2";

/** What is built, named as upstream's folders under cmd/. */
export const KUBERNETES_PROGRAMS = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
] as const;

export type KubernetesProgram = (typeof KUBERNETES_PROGRAMS)[number];

export interface KubernetesCache {
  /** The programs; there only when they are whole. */
  readonly bin: string;
  /** Source and half-made things of a build that runs. */
  readonly work: string;
  /** Held while a build runs. */
  readonly lock: string;
}

/** Where the user's cache folder keeps what was built of one version. */
export function kubernetesCache(
  env: Readonly<Record<string, string | undefined>> = process.env,
): KubernetesCache {
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
  const directory = join(cache, "jdos", "kubernetes", KUBERNETES_VERSION);
  return { bin: join(directory, "bin"), work: join(directory, "work"), lock: join(directory, "lock") };
}

/** The directory of the programs, or undefined when they are not built yet. */
export function findKubernetes(cache: KubernetesCache = kubernetesCache()): string | undefined {
  return KUBERNETES_PROGRAMS.every((program) => existsSync(join(cache.bin, program))) ? cache.bin : undefined;
}
