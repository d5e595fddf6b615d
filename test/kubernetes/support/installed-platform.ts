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

/** What differs from the defaults of manifests/cluster/values.yaml besides what the test bed asks for. */
export type OtherValues = Readonly<Record<string, object>>;

export interface InstalledOptions extends ClusterOptions {
  values?: OtherValues;
}

export interface InstalledPlatform {
  cluster: Cluster;
  target: ClusterTarget;
  /** What the command printed that put it there. */
  said: string;
  /** Brings it to other values; gives what the command prints. */
  upgrade(values: OtherValues): Promise<string>;
  stop(): Promise<void>;
}

/** A cluster with the platform in it, put there by the command a person would use. */
export async function startInstalledPlatform(options: InstalledOptions = {}): Promise<InstalledPlatform> {
  const { say = () => {}, values = {} } = options;
  const cluster = await startCluster({ nodes: 1, ...options });
  try {
    const begin = performance.now();
    const said = await bring(cluster, "install", values);
    say(`Installed the platform in ${Math.round((performance.now() - begin) / 1000)} s`);
    const upgrade = (other: OtherValues) => bring(cluster, "upgrade", other);
    return { cluster, target: targetOf(cluster), said, upgrade, stop: cluster.stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function bring(cluster: Cluster, command: "install" | "upgrade", other: OtherValues): Promise<string> {
  const values = join(cluster.layout.directory, "values.json");
  await writeFile(values, JSON.stringify({ ...(await valuesOf(cluster)), ...other }));
  const { exitCode, stdout, stderr } = await runJdos(
    { JDOS_KUBECONFIG: cluster.kubeconfig },
    [command, "--values", values],
    { timeoutSeconds: 900 },
  );
  if (exitCode !== 0) {
    throw new TestBedError("NotReady", `Cannot ${command} the platform: ${stderr}`, {
      hint: `Look into the cluster with KUBECONFIG=${cluster.kubeconfig}`,
    });
  }
  return stdout;
}

/** What differs from the defaults: the registry of the test bed, and builds that reach what this machine reaches and keep layers. */
async function valuesOf({ registry, layout }: Cluster): Promise<object> {
  const { options } = readCommandLine(["up"], process.env);
  return {
    registry: { location: `${registry}/jdos`, url: `http://${registry}` },
    builds: {
      environment: await readBuildEnvironment(options),
      cachePath: join(layout.directory, "build-cache"),
    },
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
