import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigMaps } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import { type Client, createHttpClient } from "@jdos/client";
import { startFaultyProxy } from "@jdos/client/testing";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import { createManager } from "../manager.ts";
import { HeldLease, momentOf } from "./leadership.ts";

const namespace = "default";
const named = (name: string) => ({ metadata: { namespace, name } });

describe("HeldLease", () => {
  let server: TestServer;
  let client: Client;
  let clock: FakeClock;
  before(async () => {
    server = await startTestServer();
    client = server.adminClient();
  });
  beforeEach(() => {
    clock = new FakeClock();
  });
  after(() => server.stop());

  const hold = (own: FakeClock | Parameters<typeof momentOf>[0] = clock): HeldLease =>
    new HeldLease({ clock: own, leaseName: "l", renewDeadlineMillis: 10_000 }, momentOf(own));

  it("holds() until the renew deadline after the last renewal began, and ends then by itself", () => {
    const held = hold();
    clock.advance(6000);
    const began = momentOf(clock);
    clock.advance(2000);
    held.renewed(began);
    clock.advance(7999);
    assert.deepEqual([held.holds(), held.ended.aborted], [true, false]);
    clock.advance(1);
    assert.deepEqual([held.holds(), held.ended.aborted], [false, true]);
    held.renewed(momentOf(clock));
    assert.equal(held.holds(), false, "what has ended is not held again");
  });

  it("holds() is false after a pause, before any timer fired", () => {
    let pausedMillis = 0;
    const stopped = {
      now: () => new Date(clock.now().getTime() + pausedMillis),
      monotonicMillis: () => clock.monotonicMillis() + pausedMillis,
      schedule: clock.schedule.bind(clock),
      sleep: clock.sleep.bind(clock),
    };
    const held = hold(stopped);
    pausedMillis = 10_001;
    assert.deepEqual([held.holds(), held.ended.aborted], [false, false]);
  });

  it("holds() is false while the wall clock is ahead, as after a suspended machine, and true after a renewal", () => {
    let jumpMillis = 0;
    const jumping = {
      now: () => new Date(clock.now().getTime() + jumpMillis),
      monotonicMillis: () => clock.monotonicMillis(),
      schedule: clock.schedule.bind(clock),
      sleep: clock.sleep.bind(clock),
    };
    const held = hold(jumping);
    jumpMillis = -3_600_000;
    assert.equal(held.holds(), true, "a clock set back means nothing");
    jumpMillis = 3_600_000;
    assert.deepEqual([held.holds(), held.ended.aborted], [false, false]);
    held.renewed(momentOf(jumping));
    assert.equal(held.holds(), true);
  });

  it("fence() lets writes through while the lease is held, and refuses each of them after", async () => {
    const held = hold();
    const fenced = held.fence(client);
    const made = await fenced.create(ConfigMaps, named("fenced"));
    await fenced.update(ConfigMaps, { ...made, data: { a: "1" } });
    clock.advance(10_000);
    const revision = server.revision();
    const key = { namespace, name: "fenced" };
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const writes = [
      () => fenced.create(ConfigMaps, named("other")),
      () => fenced.update(ConfigMaps, made),
      () => fenced.patch(ConfigMaps, key, { type: "merge", body: { data: { a: "2" } } }),
      () => fenced.delete(ConfigMaps, key),
      () => fenced.deleteCollection(ConfigMaps, { namespace }),
      () => fenced.createSubresource(ConfigMaps, key, "scale", named("x")),
      () => fenced.raw({ method: "POST", path, body: named("raw") }),
      () => fenced.connect({ path, headers: {} }),
      () => fenced.impersonate({ name: "x", groups: ["system:masters"] }).delete(ConfigMaps, key),
    ];
    for (const write of writes) await assert.rejects(write(), { code: "NotLeader" });
    assert.equal(server.revision(), revision, "nothing was written");
    assert.equal((await fenced.get(ConfigMaps, key)).data?.a, "1", "reads pass");
  });
});

/** What each write of a ConfigMap said of its writer, as a watch shows it. */
async function followWriters(client: Client) {
  const writers: string[] = [];
  const ending = new AbortController();
  const { metadata } = await client.list(ConfigMaps, { namespace });
  const watch = await client.watch(ConfigMaps, {
    namespace,
    resourceVersion: metadata.resourceVersion,
    signal: ending.signal,
  });
  const reading = (async () => {
    for await (const event of watch) {
      if (event.type === "MODIFIED") writers.push(event.object.data?.writer ?? "");
    }
  })();
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await sleep(20);
  };
  const end = (): Promise<void> => {
    ending.abort();
    return reading;
  };
  return { writers, until, end };
}

describe("a leader that loses its lease in mid-work", () => {
  let server: TestServer;
  const stops: (() => Promise<unknown>)[] = [];
  before(async () => {
    server = await startTestServer({ https: true });
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });
  after(() => server.stop());

  it("has its writes under way aborted, also one that is answered late", { timeout: 30_000 }, async () => {
    const { certPem, keyPem } = await server.certificateFor({ name: "admin", groups: ["system:masters"] });
    const target = { server: server.url, ca: server.caPem, cert: certPem, key: keyPem };
    const proxy = await startFaultyProxy(target);
    const client = createHttpClient({ server: proxy.url });
    stops.push(
      () => proxy.stop(),
      () => client.close(),
    );
    proxy.inject({ delayMillis: 20_000 });
    const clock = new FakeClock();
    const held = new HeldLease({ clock, leaseName: "l", renewDeadlineMillis: 10_000 }, momentOf(clock));
    const writing = held.fence(client).create(ConfigMaps, named("late"));
    while (proxy.requests.length === 0) await sleep(5);
    clock.advance(10_000);
    await assert.rejects(writing, { code: "NotLeader" });
    const key = { namespace, name: "late" };
    await assert.rejects(server.adminClient().get(ConfigMaps, key), (error) => isStatus(error, "NotFound"));
  });

  it("has its reconcile refused, which is not tried again in a hurry", { timeout: 30_000 }, async () => {
    const client = server.adminClient();
    const clock = new FakeClock();
    const held = new HeldLease({ clock, leaseName: "l", renewDeadlineMillis: 10_000 }, momentOf(clock));
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const refused: unknown[] = [];
    const manager = createManager({ client: held.fence(client), log: silentLogger(), clock });
    manager.add({
      name: "mid-work",
      for: ConfigMaps,
      reconcile: async ({ client: own }, { name }) => {
        if (name !== "work") return undefined;
        reached.resolve();
        await gate.promise;
        const body = { data: { done: "yes" } };
        await own
          .patch(ConfigMaps, { namespace, name: "work" }, { type: "merge", body })
          .catch((error: unknown) => {
            refused.push((error as { code?: unknown }).code);
            throw error;
          });
        return undefined;
      },
    });
    await client.create(ConfigMaps, named("work"));
    await manager.start();
    stops.push(() => manager.stop());
    await reached.promise;
    clock.advance(10_000);
    gate.resolve();
    await manager.idle();
    for (let millis = 0; millis < 10_000; millis += 100) {
      clock.advance(100);
      await manager.idle();
    }
    assert.equal((await client.get(ConfigMaps, { namespace, name: "work" })).data, undefined);
    assert.deepEqual([...new Set(refused)], ["NotLeader"]);
    assert.ok(refused.length >= 2 && refused.length <= 14, `${refused.length} tries in 10 s`);
  });
});

describe("a leader that is stopped in mid-write", () => {
  let server: TestServer;
  const children: ChildProcess[] = [];
  before(async () => {
    server = await startTestServer({ https: true });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  after(() => server.stop());

  function leader(...args: string[]) {
    const program = new URL("../testing/leader-process.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [program, server.adminKubeconfig, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const lines: string[] = [];
    let wake = (): void => {};
    createInterface({ input: child.stdout! }).on("line", (line) => {
      lines.push(line);
      wake();
    });
    const said = async (count: number): Promise<string[]> => {
      while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return lines;
    };
    return { child, said };
  }

  it("writes nothing after the next one has begun, and says so itself", { timeout: 120_000 }, async () => {
    await server.adminClient().create(ConfigMaps, named("state"));
    const { writers, until, end } = await followWriters(server.adminClient());
    const first = leader("first", "200");
    await first.said(1);
    const second = leader("second");
    await second.said(1);
    await until(() => writers.at(-1) === "second");
    first.child.kill("SIGCONT");
    const said = await first.said(6);
    const seen = writers.length;
    await until(() => writers.length > seen + 50);
    await end();
    const turn = writers.indexOf("second");
    assert.ok(turn > 150, `${turn} writes before the turn`);
    assert.deepEqual([...new Set(writers.slice(turn))], ["second"]);
    assert.deepEqual(said.slice(1), [...Array(4).fill("refused NotLeader"), "signal fired"]);
  });
});
