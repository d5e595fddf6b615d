import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterLayout, NodeLayout } from "./layout.ts";
import { Program } from "./program.ts";

/**
 * Where a kubelet keeps logs, for good: each takes what is there for its own and removes what it does not know. A
 * directory that the machine has anyway: whoever removes one that is mounted on elsewhere ends that mount.
 */
const LOGS = "/var/log";

/**
 * Starts what keeps a node's mount namespace, and gives its pid. Mounts of containerd and kubelet are made in there
 * and end with it; the logs of Pods are in the node's own directory.
 */
export async function startNodeNamespace(layout: ClusterLayout, node: NodeLayout): Promise<number> {
  const logs = join(node.directory, "log");
  await mkdir(logs, { recursive: true });
  const started = join(node.directory, "namespace");
  const script = `mount --bind ${logs} ${LOGS} && touch ${started} && exec sleep infinity`;
  const holder = new Program({
    name: `${node.name}/namespace`,
    layout,
    argv: ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", script],
    ready: async () => existsSync(started),
  });
  await holder.start();
  return holder.pid!;
}

export function enterNode({ netns }: NodeLayout, holder: number): [string, ...string[]] {
  return ["nsenter", `--target=${holder}`, "--mount", `--net=/run/netns/${netns}`, "--"];
}
