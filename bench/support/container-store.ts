import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "./programs.ts";

/** Storage of the peers' own, so that nothing of the machine's is touched. */
export interface ContainerStore {
  directory: string;
  root: string;
  runRoot: string;
  /** Takes away the containers, the storage, and the bridge and packet rules that podman made for them. */
  remove(): Promise<void>;
}

/** The options by which podman and buildah use that storage. */
export function storeOptions({ root, runRoot }: Pick<ContainerStore, "root" | "runRoot">): string[] {
  return ["--root", root, "--runroot", runRoot];
}

/** podman where rlimits cannot be raised, with the same runtime as ours. */
export const RUN_OPTIONS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"];

const BRIDGES = ["cni-podman0", "podman0"];
const TABLES = ["ip nat", "ip filter", "ip6 nat", "ip6 filter"];

export async function createContainerStore(): Promise<ContainerStore> {
  const before = await hostNetwork();
  const directory = await mkdtemp(join(tmpdir(), "jdos-bench-podman-"));
  const store = { root: join(directory, "root"), runRoot: join(directory, "run") };
  return {
    directory,
    ...store,
    async remove() {
      await program("podman", [...storeOptions(store), "rm", "-fa", "-t", "0"]).catch(() => "");
      await program("buildah", [...storeOptions(store), "rm", "-a"]).catch(() => "");
      await unmountBelow(directory);
      await rm(directory, { recursive: true, force: true });
      const after = await hostNetwork();
      for (const bridge of after.bridges.filter((name) => !before.bridges.includes(name)))
        await program("ip", ["link", "delete", bridge]);
      for (const table of after.tables.filter((name) => !before.tables.includes(name)))
        await program("nft", ["delete", "table", ...table.split(" ")]);
    },
  };
}

/** The innermost first. */
async function unmountBelow(directory: string): Promise<void> {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.filter((path) => path.startsWith(`${directory}/`)).reverse())
    await program("umount", [mount]);
}

async function hostNetwork(): Promise<{ bridges: string[]; tables: string[] }> {
  const links = (await program("ip", ["-br", "link"])).split("\n").map((line) => line.split(/\s+/)[0] ?? "");
  const tables = (await program("nft", ["list", "tables"]))
    .split("\n")
    .map((line) => line.replace(/^table /, ""));
  return {
    bridges: BRIDGES.filter((name) => links.includes(name)),
    tables: TABLES.filter((name) => tables.includes(name)),
  };
}
