/** Durable creates a second over HTTPS with 16 connections, beside etcd's puts of the same size over gRPC. */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadKubeconfig } from "@jdos/client";
import { startEtcd } from "./support/etcd.ts";
import { connectKv } from "./support/etcd-kv.ts";
import { percentile, timed } from "./support/measure.ts";
import { BenchPlatform } from "./support/platform.ts";
import { figure, printTable, say } from "./support/table.ts";

const CONNECTIONS = 16;
const WRITES = 4000;
const ROUNDS = 3;
const VALUE = "x".repeat(512);

interface Run {
  perSecond: number;
  millis: number[];
  cpuSeconds: number;
}

/** Sends WRITES writes over the connections, each one after the answer to the last. */
async function measure(
  write: (connection: number, name: string) => Promise<void>,
  prefix: string,
): Promise<Run> {
  const millis: number[] = [];
  let next = 0;
  const { seconds, cpuSeconds } = await timed(() =>
    Promise.all(
      Array.from({ length: CONNECTIONS }, async (_, connection) => {
        while (next < WRITES) {
          const name = `${prefix}-${next++}`;
          const started = performance.now();
          await write(connection, name);
          millis.push(performance.now() - started);
        }
      }),
    ),
  );
  return { perSecond: millis.length / seconds, millis, cpuSeconds };
}

/** Creates ConfigMaps; every answer but 201 is an error. */
async function kubernetesWriter(
  platform: BenchPlatform,
): Promise<(connection: number, name: string) => Promise<void>> {
  const { server, ca, cert, key } = await loadKubeconfig({ path: join(platform.dataDir, "kubeconfig") });
  const agents = Array.from(
    { length: CONNECTIONS },
    () => new Agent({ keepAlive: true, maxSockets: 1, ca, cert, key }),
  );
  const url = new URL("/api/v1/namespaces/default/configmaps", server);
  return (connection, name) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name },
        data: { value: VALUE },
      });
      const call = request(
        url,
        {
          method: "POST",
          agent: agents[connection],
          headers: { "content-type": "application/json", "content-length": body.length },
        },
        (response) => {
          response.resume();
          response.on("end", () =>
            response.statusCode === 201
              ? resolve()
              : reject(new Error(`The API server answers ${response.statusCode}`)),
          );
        },
      );
      call.on("error", reject);
      call.end(body);
    });
}

const platform = await BenchPlatform.create();
const directory = await mkdtemp(join(tmpdir(), "jdos-bench-etcd-"));
try {
  say("Starting the platform and etcd ...");
  const etcd = await startEtcd(directory);
  await platform.up();
  const create = await kubernetesWriter(platform);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectKv(etcd.address)));
  const put = (connection: number, name: string): Promise<void> =>
    clients[connection]!.put(
      `/registry/configmaps/default/${name}`,
      JSON.stringify({ metadata: { name }, data: { value: VALUE } }),
    );
  await measure(create, "warm");
  await measure(put, "warm");
  const ours: Run[] = [];
  const peer: Run[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    say(`Round ${round} of ${ROUNDS}`);
    const turn = [
      async () => ours.push(await measure(create, `r${round}`)),
      async () => peer.push(await measure(put, `r${round}`)),
    ];
    for (const run of round % 2 === 0 ? turn.reverse() : turn) await run();
  }
  const median = (runs: readonly Run[], of: (run: Run) => number): number => percentile(runs.map(of), 50);
  const row = (name: string, of: (run: Run) => number): (string | number)[] => {
    const [mine, theirs] = [median(ours, of), median(peer, of)];
    return [name, mine, theirs, `${figure(mine / theirs)}x`];
  };
  printTable(
    `API: durable creates with ${CONNECTIONS} connections, ${WRITES} a round (aim: 3000/s)`,
    ["", "jdos", "etcd", "ratio"],
    [
      row("writes a second", ({ perSecond }) => perSecond),
      row("p50, ms", ({ millis }) => percentile(millis, 50)),
      row("p99, ms", ({ millis }) => percentile(millis, 99)),
      row("CPU ms a write (with its client)", ({ cpuSeconds }) => (cpuSeconds * 1000) / WRITES),
    ],
  );
  for (const client of clients) client.close();
  await etcd.stop();
} finally {
  await platform.purge();
  await rm(directory, { recursive: true, force: true });
}
