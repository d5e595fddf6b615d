import { clientContract } from "@jdos/client/testing";
import { startTestServer } from "../testing/index.ts";

clientContract("in process", async () => {
  let clock = Date.now();
  const server = await startTestServer({ now: () => new Date(clock) });
  return {
    client: server.adminClient(),
    advanceClock: (seconds) => {
      clock += seconds * 1000;
    },
    stop: () => server.stop(),
  };
});
