/** What the client promises, against the API server of a real Kubernetes. */
import { clientContract, informerContract } from "@jdos/client/testing";
import { startCluster } from "../support/cluster.ts";

clientContract("over HTTP, Kubernetes 1.20", async () => {
  const cluster = await startCluster({ controllers: false });
  let restarted = false;
  return {
    client: cluster.client,
    // Its memory of changes begins with its start; before that they have expired.
    advanceClock: async () => {
      if (!restarted) await cluster.program("kube-apiserver").restart();
      restarted = true;
    },
    stop: cluster.stop,
  };
});

informerContract("over HTTP, Kubernetes 1.20", async () => {
  const { client, stop } = await startCluster({ controllers: false });
  return { client, stop };
});
