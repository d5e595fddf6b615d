import { join } from "node:path";
import { createHttpClient, loadKubeconfig } from "@jdos/client";
import { accountKubeconfig, startPart } from "@jdos/controller-runtime/testing";
import { findKubernetes } from "../../test/kubernetes/build/cache.ts";
import type { Cluster } from "../../test/kubernetes/support/cluster.ts";
import type { ControlPlane } from "./control-plane.ts";
import { createPlatformObjects } from "./platform-objects.ts";

const PROGRAMS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
const PLATFORM_CONTROLLERS = join(import.meta.dirname, "../../packages/platform-controllers/src/main.ts");
const ACCOUNT = { namespace: "jdos-system", name: "platform-controllers" };

/** Whether the real control plane was built here: `npm run test:kubernetes` does. */
export function hasKubernetes(): boolean {
  return findKubernetes() !== undefined;
}

/**
 * The control plane of Kubernetes 1.20.2, with etcd that does not wait for the disk, and the platform's controllers
 * as a process of their own.
 */
export async function startKubernetes({ raisedQps }: { raisedQps: boolean }): Promise<ControlPlane> {
  const { startCluster } = await import("../../test/kubernetes/support/cluster.ts");
  const cluster = await startCluster({ nodes: 0, raisedQps });
  try {
    await createPlatformObjects(cluster.client);
    // Its garbage collector looks for new Kinds at its start, and then only every 30 s.
    await cluster.program("kube-controller-manager").restart();
    const controllers = await startControllers(cluster, raisedQps);
    const config = await loadKubeconfig({ path: cluster.kubeconfig });
    const client = createHttpClient({ ...config, queriesPerSecond: Number.POSITIVE_INFINITY });
    return {
      name: raisedQps ? "Kubernetes, raised QPS" : "Kubernetes",
      client,
      pids: [...PROGRAMS.map((name) => cluster.program(name).pid!), controllers.pid],
      async stop() {
        controllers.kill("SIGTERM");
        await controllers.ended;
        await client.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** As an installation has them: their own ServiceAccount, their own limit of requests. */
async function startControllers({ client, kubeconfig, layout }: Cluster, raisedQps: boolean) {
  const { server: url, ca: caPem = "" } = await loadKubeconfig({ path: kubeconfig });
  const options = { ...ACCOUNT, directory: layout.directory };
  const path = await accountKubeconfig({ client, url, caPem }, options);
  const part = startPart(PLATFORM_CONTROLLERS, [
    ...["--kubeconfig", path, "--leader-election", "false"],
    ...(raisedQps ? ["--queries-per-second", "1000"] : []),
  ]);
  await part.said("Started part");
  return part;
}
