/** What client and informers promise when networks and servers fail, against the API server of a real Kubernetes. */
import { setTimeout as sleep } from "node:timers/promises";
import { loadKubeconfig } from "@jdos/client";
import { type FaultSubject, faultContract } from "@jdos/client/testing";
import { type Cluster, startCluster } from "../support/cluster.ts";
import type { Program } from "../support/program.ts";

let cluster: Cluster;

async function start(): Promise<FaultSubject> {
  cluster = await startCluster({ controllers: false });
  const { server, ca, cert, key } = await loadKubeconfig({ path: cluster.kubeconfig });
  const restart = async (): Promise<void> => {
    await cluster.program("kube-apiserver").kill();
    await startAgain(cluster.program("kube-apiserver"));
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

/** The port of a killed program is free when the last of its threads has ended, a moment after the first. */
async function startAgain(program: Program): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await program.start();
    } catch (error) {
      if (tries === 5) throw error;
      await sleep(200);
    }
  }
}

const signalApiServer = (signal: NodeJS.Signals) => async (): Promise<void> => {
  process.kill(cluster.program("kube-apiserver").pid!, signal);
};

faultContract("Kubernetes 1.20", start, {
  outages: {
    "loses its etcd for a while": {
      begin: () => cluster.program("etcd").kill(),
      end: () => startAgain(cluster.program("etcd")),
    },
    "is stopped for a while": { begin: signalApiServer("SIGSTOP"), end: signalApiServer("SIGCONT") },
  },
});
