import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigMaps } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import { type FaultSubject, faultContract } from "./testing/faults/fault-contract.ts";
import type { ProxyTarget } from "./testing/faults/faulty-proxy.ts";

/** More than the server keeps however old it is. */
const WRITES = 1100;

faultContract("against the API server in memory", async (): Promise<FaultSubject> => {
  const dataDir = await mkdtemp(join(tmpdir(), "jdos-faults-"));
  let aheadMillis = 0;
  const now = (): Date => new Date(Date.now() + aheadMillis);
  const start = async (): Promise<{ server: TestServer; target: ProxyTarget }> => {
    const server = await startTestServer({ https: true, dataDir, now });
    const { certPem, keyPem } = await server.certificateFor({ name: "admin", groups: ["system:masters"] });
    return { server, target: { server: server.url, ca: server.caPem, cert: certPem, key: keyPem } };
  };
  let { server, target } = await start();
  return {
    target: () => target,
    admin: () => server.adminClient(),
    restart: async () => {
      await server.stop();
      ({ server, target } = await start());
    },
    forgetHistory: async () => {
      const admin = server.adminClient();
      aheadMillis += 3_600_000;
      const write = (index: number): Promise<unknown> =>
        admin.create(ConfigMaps, { metadata: { namespace: "default", name: `history-${index}` } });
      await Promise.all(Array.from({ length: WRITES }, (_, index) => write(index)));
    },
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
});
