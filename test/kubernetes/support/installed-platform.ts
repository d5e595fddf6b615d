import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readBuildEnvironment } from "../../../packages/jdosd/src/environment/build-environment.ts";
import { readCommandLine } from "../../../packages/jdosd/src/options.ts";
import { runJdos } from "../../e2e/support/platform.ts";
import type { ClusterTarget } from "../../e2e/support/target.ts";
import { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
import { TestBedError } from "./errors.ts";

/** The default of manifests/cluster/values.yaml. */
const ROUTES_PORT = 30080;

export interface InstalledPlatform {
  cluster: Cluster;
  target: ClusterTarget;
  stop(): Promise<void>;
}

/** A cluster with the platform in it, put there by the command a person would use. */
export async function startInstalledPlatform(options: ClusterOptions = {}): Promise<InstalledPlatform> {
  const { say = () => {} } = options;
  const cluster = await startCluster({ nodes: 1, ...options });
  try {
    await install(cluster, say);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return { cluster, target: targetOf(cluster), stop: cluster.stop };
}

async function install(cluster: Cluster, say: (message: string) => void): Promise<void> {
  const values = join(cluster.layout.directory, "values.json");
  await writeFile(values, JSON.stringify(await valuesOf(cluster)));
  const begin = performance.now();
  const { exitCode, stderr } = await runJdos(
    { JDOS_KUBECONFIG: cluster.kubeconfig },
    ["install", "--values", values],
    { timeoutSeconds: 900 },
  );
  if (exitCode !== 0) {
    throw new TestBedError("NotReady", `Cannot install the platform: ${stderr}`, {
      hint: `Look into the cluster with KUBECONFIG=${cluster.kubeconfig}`,
    });
  }
  say(`Installed the platform in ${Math.round((performance.now() - begin) / 1000)} s`);
}

/** What differs from the defaults: the registry of the test bed, and builds that reach what this machine reaches. */
async function valuesOf({ registry }: Cluster): Promise<object> {
  const { options } = readCommandLine(["up"], process.env);
  return {
    registry: { location: `${registry}/jdos`, url: `http://${registry}` },
    builds: { environment: await readBuildEnvironment(options) },
  };
}

function targetOf({ kubeconfig, registry, layout, nodes }: Cluster): ClusterTarget {
  return {
    kubeconfig,
    routes: { address: nodes[0]!.address, port: ROUTES_PORT },
    hostAddress: layout.host,
    images: `${registry}/jdos`,
  };
}
