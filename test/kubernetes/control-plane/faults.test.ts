/** What client and informers promise when networks and servers fail, against the API server of a real Kubernetes. */

import { loadKubeconfig } from "@jdos/client";
import { faultContract } from "@jdos/client/testing";
import { startCluster } from "../support/cluster.ts";

faultContract("Kubernetes 1.20", async () => {
  const cluster = await startCluster({ controllers: false });
  const apiServer = cluster.program("kube-apiserver");
  const { server, ca, cert, key } = await loadKubeconfig({ path: cluster.kubeconfig });
  return {
    target: () => ({ server, ca, cert, key }),
    admin: () => cluster.client,
    restart: async () => {
      await apiServer.kill();
      await apiServer.start();
    },
    // Its memory of changes begins with its start; before that they have expired.
    forgetHistory: async () => {
      await apiServer.kill();
      await apiServer.start();
    },
    stop: () => cluster.stop(),
  };
});
