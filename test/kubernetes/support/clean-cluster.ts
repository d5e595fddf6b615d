import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  purgeContainerd,
  removeCgroupTree,
  removeCniResults,
  stopDetached,
  unmountBelow,
} from "@jdos/component-base";
import { lockTestInstance } from "@jdos/component-base/testing";
import { TestBedError } from "./errors.ts";
import { removeHostNetwork } from "./host-network.ts";
import {
  type ClusterLayout,
  clusterInstances,
  clusterLayout,
  MAX_NODES,
  type NodeLayout,
  nodeLayout,
} from "./layout.ts";
import { containerdOptions } from "./node.ts";
import { removeNodeNetwork } from "./node-network.ts";
import { restoreSysctls } from "./sysctls.ts";

/**
 * Ends all that a cluster started and removes all that it made, also when its test was killed half-way. Goes through
 * the whole list before it reports what could not be done. Idempotent.
 */
export async function cleanCluster(layout: ClusterLayout): Promise<void> {
  const failures: unknown[] = [];
  const attempt = (action: () => Promise<unknown>) =>
    action().catch((error: unknown) => failures.push(error));
  await stopPrograms(layout, attempt);
  for (let number = 1; number <= MAX_NODES; number++) {
    const node = nodeLayout(layout, number);
    if (existsSync(node.directory) || existsSync(`/run/netns/${node.netns}`))
      await cleanNode(layout, node, attempt);
  }
  await attempt(() => removeCniResults(layout.names.bridge));
  await attempt(() => removeCgroupTree(layout.names.cgroupParent));
  await attempt(() => removeHostNetwork(layout));
  await attempt(() => restoreSysctls(layout.sysctls));
  await attempt(() => unmountBelow(layout.directory));
  await attempt(() => rm(layout.names.runDir, { recursive: true, force: true }));
  await attempt(() => removeIfEmpty(dirname(layout.names.runDir)));
  if (failures.length === 0) return rm(layout.directory, { recursive: true, force: true });
  throw new TestBedError("CleanUpIncomplete", `Cannot remove the cluster: ${failures.join("; ")}`, {
    hint: `See "${layout.logs}"`,
    cause: failures[0],
  });
}

/** Removes what killed test processes left of their clusters; one whose process runs is left alone. */
export async function cleanKilledClusters(): Promise<void> {
  for (const instance of await clusterInstances()) {
    const lock = lockTestInstance(instance);
    if (lock === undefined) continue;
    try {
      await cleanCluster(clusterLayout(instance));
    } finally {
      lock.release();
    }
  }
}

/** The last of all that run on the machine takes the common directory along. */
async function removeIfEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTEMPTY") throw error;
  });
}

type Attempt = (action: () => Promise<unknown>) => Promise<unknown>;

/** Those that use others first: a server that is told to end waits for its clients. */
const ENDING = [
  "kubelet",
  "kube-proxy",
  "dns",
  "kube-scheduler",
  "kube-controller-manager",
  "kube-apiserver",
];

async function stopPrograms({ pids }: ClusterLayout, attempt: Attempt): Promise<void> {
  const files = await readdir(pids).catch(() => []);
  const order = (file: string) => {
    const at = ENDING.findIndex((name) => file.includes(name));
    return at < 0 ? ENDING.length : at;
  };
  for (const file of files.sort((a, b) => order(a) - order(b))) {
    await attempt(() => stopDetached(join(pids, file), { timeoutSeconds: 3 }));
  }
}

async function cleanNode(layout: ClusterLayout, node: NodeLayout, attempt: Attempt): Promise<void> {
  const { runDir, rootDir } = containerdOptions(layout, node);
  await attempt(() => purgeContainerd({ runDir, rootDir, cgroupParent: node.cgroupParent }));
  await attempt(() => unmountBelow(node.directory));
  await attempt(() => removeNodeNetwork(node));
}
