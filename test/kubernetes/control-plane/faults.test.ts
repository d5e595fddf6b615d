/** What client and informers promise when networks and servers fail, against the API server of a real Kubernetes. */
import { loadKubeconfig } from "@jdos/client";
import { type FaultSubject, faultContract } from "@jdos/client/testing";
import { type Cluster, startCluster } from "../support/cluster.ts";

let cluster: Cluster;

async function start(): Promise<FaultSubject> {
  cluster = await startCluster({ controllers: false });
  const { server, ca, cert, key } = await loadKubeconfig({ path: cluster.kubeconfig });
  const restart = async (): Promise<void> => {
    await cluster.program("kube-apiserver").kill();
    await cluster.program("kube-apiserver").start();
  };
  return {
    target: () => ({ server, ca, cert, key }),
    admin: () => cluster.client,
    restart,
    // Its memory of changes begins with its start; before that they have expired.
    forgetHistory: restart,
    stop: () => cluster.stop(),
  };
}

const signalApiServer = (signal: NodeJS.Signals) => async (): Promise<void> => {
  process.kill(cluster.program("kube-apiserver").pid!, signal);
};

faultContract("Kubernetes 1.20", start, {
  outages: {
    "loses its etcd for a while": {
      begin: () => cluster.program("etcd").kill(),
      end: () => cluster.program("etcd").start(),
    },
    "is stopped for a while": { begin: signalApiServer("SIGSTOP"), end: signalApiServer("SIGCONT") },
  },
});
