import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ConfigMaps, Deployments, Namespaces, Pods, ReplicaSets, ServiceAccounts } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import { silentLogger } from "@jdos/component-base/testing";
import { start } from "./start.ts";

describe("start", () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it("start() runs every controller with the rights of system:kube-controller-manager", async () => {
    const server = await startTestServer();
    cleanups.push(() => server.stop());
    const client = server.adminClient();
    const running = await start({
      client: server.clientFor({ name: "system:kube-controller-manager" }),
      log: silentLogger(),
      rootCaPem: "PEM",
    });
    cleanups.push(() => running.stop());
    await client.create(Namespaces, { metadata: { name: "demo" } });
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
    const spec = { replicas: 2, selector: { matchLabels: labels }, template };
    await client.create(Deployments, { metadata: { namespace: "demo", name: "web" }, spec });
    const seen = async (
      type: typeof Pods | typeof ServiceAccounts | typeof ConfigMaps,
      count: number,
    ): Promise<void> => {
      const names = new Set<string>();
      for await (const event of await client.watch(type as typeof Pods, {
        namespace: "demo",
        signal: AbortSignal.timeout(60_000),
      })) {
        if (event.type === "ADDED") names.add(event.object.metadata.name);
        if (names.size >= count) return;
      }
      throw new Error(`Cannot wait for ${count} ${type.resource}: ${[...names].join(", ")}`);
    };
    await seen(Pods, 2);
    await seen(ServiceAccounts, 1);
    await seen(ConfigMaps, 1);
    await client.delete(Deployments, { namespace: "demo", name: "web" }, { propagationPolicy: "Foreground" });
    const until = Date.now() + 10_000;
    const left = async () => [
      ...(await client.list(Deployments, { namespace: "demo" })).items,
      ...(await client.list(ReplicaSets, { namespace: "demo" })).items,
      ...(await client.list(Pods, { namespace: "demo" })).items,
    ];
    while ((await left()).length > 0 && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(await left(), []);
  });

  it("start() refuses to leave out a controller there is not", async () => {
    const server = await startTestServer();
    cleanups.push(() => server.stop());
    const options = { client: server.adminClient(), log: silentLogger(), disabled: ["nothing"] };
    await assert.rejects(start(options), {
      code: "InvalidOption",
      message: 'Cannot start controller-manager: no controller "nothing"',
    });
  });
});
