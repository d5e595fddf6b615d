import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pods } from "@jdos/api";
import { startTestServer, type TestServer, type TestServerOptions } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { createLogger } from "@jdos/component-base";
import { start as startControllerManager } from "@jdos/controller-manager";

export interface SimulatedCluster {
  readonly server: TestServer;
  readonly client: Client;
  /** For files of the test; removed by stop(). */
  readonly directory: string;
  stop(): Promise<void>;
}

/**
 * A cluster without machines: the API server and the controllers are real, and every Pod that is bound to no node
 * becomes ready at once.
 */
export async function startSimulatedCluster(options: TestServerOptions = {}): Promise<SimulatedCluster> {
  const server = await startTestServer({ https: true, ...options });
  const client = server.adminClient();
  const log = createLogger({ name: "test", level: "silent" });
  const controllers = await startControllerManager({
    client: server.clientFor({ name: "system:kube-controller-manager" }),
    log,
  });
  const stopPods = runPods(server.adminClient());
  const directory = await mkdtemp(join(tmpdir(), "jdos-cluster-"));
  return {
    server,
    client,
    directory,
    async stop() {
      await stopPods();
      await controllers.stop();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function runPods(client: Client): () => Promise<void> {
  const stopping = new AbortController();
  const running = (async () => {
    for await (const event of await client.watch(Pods, { signal: stopping.signal })) {
      if (event.type === "BOOKMARK" || event.type === "DELETED") continue;
      const { metadata, status } = event.object;
      const key = { namespace: metadata.namespace ?? "", name: metadata.name };
      if (metadata.deletionTimestamp !== undefined)
        await client.delete(Pods, key, { gracePeriodSeconds: 0 }).catch(() => {});
      else if (status?.phase !== "Running") await makeReady(client, key);
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}

async function makeReady(client: Client, key: { namespace: string; name: string }): Promise<void> {
  const now = new Date().toISOString();
  const conditions = ["Initialized", "ContainersReady", "PodScheduled", "Ready"].map((type) => ({
    type,
    status: "True",
    lastTransitionTime: now,
  }));
  const body = { status: { phase: "Running", podIP: "10.0.0.1", startTime: now, conditions } };
  await client.patch(Pods, key, { type: "merge", body }, { subresource: "status" }).catch(() => {});
}
