import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ContainerdOptions,
  DEFAULT_REGISTRY,
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

/** The logical name of every image leads to the registry's Service, and each mirror's to where it answers. */
async function writeRegistryHosts({ names, options, paths }: Context): Promise<void> {
  const urls = new Map(options.registryMirrors.map(({ url }) => [new URL(url).host, url]));
  urls.set(DEFAULT_REGISTRY.host, `http://${names.services.registry}:5000`);
  await mkdir(paths.registryHosts, { recursive: true });
  for (const host of await readdir(paths.registryHosts))
    if (!urls.has(host)) await rm(join(paths.registryHosts, host), { recursive: true });
  for (const [host, url] of urls) {
    const directory = join(paths.registryHosts, host);
    await mkdir(directory, { recursive: true });
    await writeFile(
      join(directory, "hosts.toml"),
      `server = "${url}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`,
    );
  }
}
