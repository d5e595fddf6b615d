import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ConfigMaps, Events, Namespaces, Secrets } from "@jdos/api";
import { controllerReference, formatKey, StatusError } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { createMetrics } from "@jdos/component-base";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import type { ControllerOptions, Reconcile } from "./contract.ts";
import { TerminalError } from "./errors.ts";
import { createManager, type Manager, type ManagerOptions } from "./manager.ts";

const namespace = "demo";

describe("createManager", () => {
  let server: TestServer;
  let client: Client;
  let manager: Manager | undefined;
  beforeEach(async () => {
    server = await startTestServer();
    client = server.adminClient();
    await client.create(Namespaces, { metadata: { name: namespace } });
  });
  afterEach(async () => {
    await manager?.stop();
    manager = undefined;
    await server.stop();
  });

  /** A running manager with one controller over the ConfigMaps of the namespace, and what it was asked to reconcile. */
  async function run(
    reconcile: Reconcile,
    {
      controller = {},
      ...options
    }: Partial<ManagerOptions> & { controller?: Partial<ControllerOptions> } = {},
  ) {
    const asked: string[] = [];
    let wake = (): void => {};
    manager = createManager({ client, log: silentLogger(), ...options });
    const added = manager.add({
      name: "test",
      for: ConfigMaps,
      informer: { namespace },
      ...controller,
      reconcile: (context, key) => {
        asked.push(formatKey(key));
        wake();
        return reconcile(context, key);
      },
    });
    await manager.start();
    const until = async (count: number): Promise<string[]> => {
      while (asked.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return asked;
    };
    return { asked, until, controller: added };
  }

  it("add() reconciles what is there at the start and what changes later", async () => {
    await client.create(ConfigMaps, { metadata: { namespace, name: "early" } });
    const { until } = await run(async () => undefined);
    await until(1);
    await client.create(ConfigMaps, { metadata: { namespace, name: "late" } });
    assert.deepEqual(await until(2), ["demo/early", "demo/late"]);
  });

  it("add() reconciles the owner of what it owns, and the keys its watches name", async () => {
    const reconciled = new Set<string>();
    const { until, asked } = await run(async () => undefined, {
      controller: {
        owns: [Secrets],
        watches: [
          {
            type: Namespaces,
            keys: (object) => [{ namespace: object.metadata.name, name: "from-namespace" }],
          },
        ],
      },
    });
    const owner = await client.create(ConfigMaps, { metadata: { namespace, name: "owner" } });
    while (!asked.includes("demo/owner")) await until(asked.length + 1);
    const count = asked.length;
    await client.create(Secrets, {
      metadata: { namespace, name: "owned", ownerReferences: [controllerReference(owner)] },
    });
    await client.create(Secrets, { metadata: { namespace, name: "stranger" } });
    await until(count + 1);
    for (const key of asked) reconciled.add(key);
    assert.equal(asked[count], "demo/owner");
    assert.ok(reconciled.has("demo/from-namespace"));
    assert.ok(!reconciled.has("demo/stranger"));
  });

  it("a failed reconcile comes back with back-off, and is forgotten when it succeeds", async () => {
    const clock = new FakeClock();
    let failures = 2;
    const { asked } = await run(
      async () => {
        if (failures-- > 0) throw new Error("not yet");
        return undefined;
      },
      { clock },
    );
    await client.create(ConfigMaps, { metadata: { namespace, name: "a" } });
    while (asked.length < 3) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
    clock.advance(3_600_000);
    await manager!.idle();
    assert.deepEqual(asked, ["demo/a", "demo/a", "demo/a"]);
  });

  it("a TerminalError is not tried again until the object changes", async () => {
    const clock = new FakeClock();
    const { asked, until } = await run(
      async () => {
        throw new TerminalError("Cannot use object: it is wrong");
      },
      { clock },
    );
    await client.create(ConfigMaps, { metadata: { namespace, name: "a" } });
    await until(1);
    await manager!.idle();
    clock.advance(3_600_000);
    await manager!.idle();
    assert.equal(asked.length, 1);
    await client.patch(ConfigMaps, { namespace, name: "a" }, { type: "merge", body: { data: { x: "1" } } });
    await until(2);
  });

  it("requeueAfterSeconds brings the key back without any change", async () => {
    const clock = new FakeClock();
    const { asked, until } = await run(async () => ({ requeueAfterSeconds: 60 }), { clock });
    await client.create(ConfigMaps, { metadata: { namespace, name: "a" } });
    await until(1);
    await manager!.idle();
    clock.advance(59_000);
    await manager!.idle();
    assert.equal(asked.length, 1);
    clock.advance(1_000);
    await until(2);
  });

  it("one key is never reconciled twice at a time, different keys are, up to the concurrency", async () => {
    const gate = Promise.withResolvers<undefined>();
    const running = new Set<string>();
    const { asked, until } = await run(
      async (_, key) => {
        const text = formatKey(key);
        assert.ok(!running.has(text));
        running.add(text);
        await gate.promise;
        running.delete(text);
        return undefined;
      },
      { controller: { concurrency: 2 } },
    );
    for (const name of ["a", "b", "c"]) await client.create(ConfigMaps, { metadata: { namespace, name } });
    await until(2);
    for (let round = 0; round < 5; round++) {
      await client.patch(
        ConfigMaps,
        { namespace, name: "a" },
        { type: "merge", body: { data: { round: String(round) } } },
      );
    }
    const { lister } = manager!.informers.for(ConfigMaps, { namespace });
    while (lister.get({ namespace, name: "a" })?.data?.round !== "4")
      await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([...running], ["demo/a", "demo/b"]);
    gate.resolve(undefined);
    await manager!.idle();
    assert.deepEqual(asked, ["demo/a", "demo/b", "demo/c", "demo/a"]);
  });

  it("stop() ends running reconciles by their signal", async () => {
    const { until } = await run(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    await client.create(ConfigMaps, { metadata: { namespace, name: "a" } });
    await until(1);
    await manager!.stop();
  });

  it("counts reconciliations by result", async () => {
    const metrics = createMetrics();
    const { until } = await run(
      async (_, { name }) => {
        if (name === "bad") throw new StatusError("Conflict", "newer");
        return undefined;
      },
      { metrics },
    );
    await client.create(ConfigMaps, { metadata: { namespace, name: "good" } });
    await until(1);
    await manager!.idle();
    const text = await metrics.text();
    assert.match(text, /^controller_runtime_reconcile_total\{controller="test",result="success"\} 1$/m);
    assert.match(text, /^workqueue_depth\{name="test"\} 0$/m);
  });

  it("events are written about the object, by the controller, and counted when they repeat", async () => {
    const { until } = await run(
      async ({ events, informers }, key) => {
        const object = informers.for(ConfigMaps, { namespace }).lister.get(key);
        if (object !== undefined) events.event(object, "Warning", "Odd", "Something is odd");
        return undefined;
      },
      { controller: { eventSource: "odd-controller" } },
    );
    const made = await client.create(ConfigMaps, { metadata: { namespace, name: "a" } });
    await until(1);
    await client.patch(ConfigMaps, { namespace, name: "a" }, { type: "merge", body: { data: { x: "1" } } });
    await until(2);
    await manager!.stop();
    manager = undefined;
    const { items } = await client.list(Events, { namespace });
    assert.equal(items.length, 1);
    const [event] = items;
    assert.equal(event!.count, 2);
    assert.equal(event!.source?.component, "odd-controller");
    assert.deepEqual([event!.type, event!.reason, event!.message], ["Warning", "Odd", "Something is odd"]);
    assert.equal(event!.involvedObject.uid, made.metadata.uid);
  });
});
