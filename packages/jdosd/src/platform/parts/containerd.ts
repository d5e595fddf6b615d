import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ContainerdOptions,
  isRunning,
  type ProcessIdentity,
  startContainerd,
} from "@jdos/component-base";
import { SANDBOX_IMAGE } from "../../host/image-recipe.ts";
import { hostPath } from "../../host/packages.ts";
import type { Context } from "../context.ts";
import type { Part } from "../part.ts";

/** Our own containerd, detached: it outlives jdosd and is found again. */
export function containerdPart(context: Context): Part {
  let running: ProcessIdentity | undefined;
  return {
    name: "containerd",
    async start() {
      await writeRegistryHosts(context);
      running = (await startContainerd(containerdOptions(context))).process;
      return { stop: async () => {} };
    },
    check() {
      if (running !== undefined && !isRunning(running)) throw new Error("containerd has ended");
    },
  };
}

export function containerdOptions({
  names,
  paths,
  options,
}: Pick<Context, "names" | "paths" | "options">): ContainerdOptions {
  return {
    runDir: names.runDir,
    rootDir: paths.containerdRoot,
    sandboxImage: SANDBOX_IMAGE,
    cniBinDir: paths.cniBin,
    cniConfDir: paths.cniConf,
    registryConfigDir: paths.registryHosts,
    logFile: paths.containerdLog,
    env: { PATH: hostPath(options.path) },
  };
}

/** The logical name of every image leads to the registry's Service. */
async function writeRegistryHosts({ names, paths }: Context): Promise<void> {
  const directory = join(paths.registryHosts, "registry.jdos.internal");
  const url = `http://${names.services.registry}:5000`;
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, "hosts.toml"),
    `server = "${url}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
}
