import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, JDOS_DEFINITIONS, Namespaces, Releases, readRegistryStorage } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { createMetrics } from "@jdos/component-base";
import { silentLogger } from "@jdos/component-base/testing";
import { start } from "./index.ts";
import { type Pusher, registryMissing, startRegistry, type TestRegistry } from "./testing/registry.ts";

const GIB = 2 ** 30;

describe("start()", { skip: registryMissing() }, () => {
  let registry: TestRegistry;
  let push: Pusher;
  let client: Client;
  let stopServer: () => Promise<void>;
  before(async () => {
    registry = await startRegistry();
    push = registry.pusher();
    const server = await startTestServer({ crds: JDOS_DEFINITIONS });
    client = server.adminClient();
    stopServer = () => server.stop();
    for (const name of ["jdos-system", "demo"])
      await client.create(Namespaces, { metadata: { name } }).catch(() => {});
  });
  after(async () => {
    await stopServer();
    await registry.stop();
  });

  const told = async () =>
    readRegistryStorage(await client.get(ConfigMaps, { namespace: "jdos-system", name: "registry-storage" }));
  const base = () => ({ client, log: silentLogger(), directory: registry.directory });
  const disk = async () => ({ sizeBytes: 10 * GIB, freeBytes: 5 * GIB });

  it("start() says how full the registry is; full collects first, and what a Release needs stays", async () => {
    const needed = await push.image("demo/hello", ["needed"]);
    const dead = await push.image("demo/hello", ["x".repeat(100_000)]);
    const image = `registry.jdos.internal/demo/hello@${needed}`;
    await client.create(Releases, {
      metadata: { namespace: "demo", name: "hello-v1" },
      spec: { application: "hello", number: 1, image, run: {}, hash: "0".repeat(64) },
    });
    const metrics = createMetrics();
    const free = await start({ ...base(), disk, metrics });
    await free.stop();
    assert.deepEqual(await told(), {
      state: "Ok",
      usedBytes: (await told())?.usedBytes,
      limitBytes: 8 * GIB,
    });
    assert.match(await metrics.text(), /jdos_registry_full 0/);

    // The first round hides what is dead, the next one deletes it: there is room again.
    const tight = { ...base(), disk, limit: "50k", fullGraceSeconds: 0, graceSeconds: 0, metrics };
    await (await start(tight)).stop();
    assert.equal((await told())?.state, "Full");
    assert.match(await metrics.text(), /jdos_registry_full 1/);
    await (await start(tight)).stop();
    assert.equal((await told())?.state, "Ok");
    assert.equal(await push.isWhole("demo/hello", needed), true);
    assert.equal(await push.isWhole("demo/hello", dead), false);
  });

  it("start() says full when the disk has no room, whatever the bound", async () => {
    const keeper = await start({ ...base(), disk: async () => ({ sizeBytes: 10 * GIB, freeBytes: 1000 }) });
    await keeper.stop();
    assert.equal((await told())?.state, "Full");
  });
});
