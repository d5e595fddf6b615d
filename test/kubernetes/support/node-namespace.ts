import { existsSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterLayout, NodeLayout } from "./layout.ts";
import { Program } from "./program.ts";

/** Where a kubelet keeps logs, for good: each takes what is there for its own and removes what it does not know. */
const LOGS = ["/var/log/pods", "/var/log/containers"];

/**
 * Starts what keeps a node's mount namespace, and gives its pid. Mounts of containerd and kubelet are made in there
 * and end with it; the logs of Pods are in the node's own directory.
 */
export async function startNodeNamespace(layout: ClusterLayout, node: NodeLayout): Promise<number> {
  const mounts: string[] = [];
  for (const target of LOGS) {
    const own = join(node.directory, target);
    await mkdir(own, { recursive: true });
    await mkdir(target, { recursive: true });
    mounts.push(`mount --bind ${own} ${target}`);
  }
  const started = join(node.directory, "namespace");
  const script = [...mounts, `touch ${started}`, "exec sleep infinity"].join(" && ");
  const holder = new Program({
    name: `${node.name}/namespace`,
    layout,
    argv: ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script],
    ready: async () => existsSync(started),
  });
  await holder.start();
  return holder.pid!;
}

/** Removes the machine's own directories of logs where they are empty: mounts were made on them. */
export async function removeLogDirectories(): Promise<void> {
  for (const directory of LOGS) {
    await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (!["ENOENT", "ENOTEMPTY", "EBUSY"].includes(error.code ?? "")) throw error;
    });
  }
}

export function enterNode({ netns }: NodeLayout, holder: number): [string, ...string[]] {
  return ["nsenter", `--target=${holder}`, "--mount", `--net=/run/netns/${netns}`, "--"];
}
