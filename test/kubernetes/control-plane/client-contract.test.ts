/** What the client promises, against the API server of a real Kubernetes. */
import { after, before } from "node:test";
import { clientContract, informerContract, shapesContract } from "@jdos/client/testing";
import { type Cluster, startCluster } from "../support/cluster.ts";

const NAME = "over HTTP, Kubernetes 1.20";
let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ controllers: false });
});
after(() => cluster?.stop());

const subject = async () => ({ client: cluster.client, stop: async () => {} });

clientContract(NAME, async () => {
  let restarted = false;
  return {
    ...(await subject()),
    // Its memory of changes begins with its start; before that they have expired.
    advanceClock: async () => {
      if (!restarted) await cluster.program("kube-apiserver").restart();
      restarted = true;
    },
  };
});

informerContract(NAME, subject);

shapesContract(NAME, subject);
