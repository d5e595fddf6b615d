import { after, before, describe } from "node:test";
import { callFaults } from "./call-faults.ts";
import { listFaults } from "./list-faults.ts";
import { checkWith, type FaultSubject, type Outage } from "./scene.ts";
import { serverFaults } from "./server-faults.ts";
import { watchFaults } from "./watch-faults.ts";

export type { FaultSubject, Outage } from "./scene.ts";

export interface FaultContractOptions {
  /** "loses its store for a while": what else can happen to this server. Defaults to nothing. */
  outages?: Readonly<Record<string, Outage>>;
}

/**
 * What a client and its informers promise when the network and the server fail: after the fault the informer's memory
 * is the server's, handlers were told of everything once, nothing was made up, and the server was not stormed.
 */
export function faultContract(
  name: string,
  startSubject: () => Promise<FaultSubject>,
  { outages = {} }: FaultContractOptions = {},
): void {
  describe(`Client and informers over HTTP, ${name}`, { timeout: 300_000 }, () => {
    let subject: FaultSubject;
    before(async () => {
      subject = await startSubject();
    });
    after(() => subject.stop());
    const check = checkWith(() => subject);
    describe("side by side", { concurrency: 16 }, () => {
      watchFaults(check);
      listFaults(check);
      callFaults(check);
    });
    describe("one by one", () => serverFaults(check, outages));
  });
}
