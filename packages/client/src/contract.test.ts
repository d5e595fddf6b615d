import { startTestServer } from "@jdos/apiserver/testing";
import { createHttpClient } from "./http/http-client.ts";
import { type ContractSubject, clientContract } from "./testing/contract.ts";
import { shapesContract } from "./testing/shapes-contract.ts";

interface TestClock {
  now(): Date;
  advance(seconds: number): void;
}

function testClock(): TestClock {
  let aheadMillis = 0;
  return {
    now: () => new Date(Date.now() + aheadMillis),
    advance: (seconds) => {
      aheadMillis += seconds * 1000;
    },
  };
}

async function inProcess(): Promise<ContractSubject> {
  const clock = testClock();
  const server = await startTestServer({ now: clock.now });
  return { client: server.adminClient(), advanceClock: clock.advance, stop: () => server.stop() };
}

async function overHttp(): Promise<ContractSubject> {
  const clock = testClock();
  const server = await startTestServer({ now: clock.now, https: true });
  const { certPem, keyPem } = await server.certificateFor({ name: "admin", groups: ["system:masters"] });
  const client = createHttpClient({ server: server.url, ca: server.caPem, cert: certPem, key: keyPem });
  return {
    client,
    advanceClock: clock.advance,
    stop: async () => {
      await client.close();
      await server.stop();
    },
  };
}

clientContract("in process", inProcess);
clientContract("over HTTP", overHttp);
shapesContract("in process", inProcess);
shapesContract("over HTTP", overHttp);
