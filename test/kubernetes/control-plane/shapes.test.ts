/** The versions that Kubernetes 1.20 serves, seen through the client in the newest shape. */
import { shapesContract } from "@jdos/client/testing";
import { startCluster } from "../support/cluster.ts";

shapesContract("over HTTP, Kubernetes 1.20", async () => {
  const { client, stop } = await startCluster({ controllers: false });
  return { client, stop };
});
