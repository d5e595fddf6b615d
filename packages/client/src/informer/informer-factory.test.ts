import { startTestServer } from "@jdos/apiserver/testing";
import { informerContract } from "../testing/informer-contract.ts";

informerContract("in process", async () => {
  const server = await startTestServer();
  return { client: server.adminClient(), stop: () => server.stop() };
});
