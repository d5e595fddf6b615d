import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Builds, REDELIVER_ANNOTATION, ResourceQuotas, Webhooks } from "@jdos/api";
import { FakeClock } from "@jdos/component-base/testing";
import { commit, githubPush } from "../testing/hooks/payloads.ts";
import { signed, startTestHooks, type TestHooks } from "../testing/hooks/start-test-hooks.ts";

describe("webhookController()", () => {
  let platform: TestHooks;
  beforeEach(async () => {
    platform = await startTestHooks();
    await platform.createShop();
  });
  afterEach(() => platform.stop());

  const push = async (secret: string, number: number, id?: string) => {
    const body = JSON.stringify(githubPush({ after: commit(number), nonce: number }));
    return platform.post("shop", body, signed.github(secret, body, id === undefined ? {} : { id }));
  };

  it("builds the newest of a burst of 1,000 deliveries, with a build or two and few writes", async () => {
    const { secret } = await platform.createHook("github");
    let writes = 0;
    const abort = new AbortController();
    const counting = (async () => {
      for await (const event of await platform.client.watch(Webhooks, {
        namespace: "demo",
        signal: abort.signal,
      }))
        if (event.type === "MODIFIED") writes++;
    })().catch(() => {});
    const millis: number[] = [];
    const statuses = new Set<number>();
    let next = 0;
    const since = performance.now();
    const before = process.cpuUsage();
    const sender = async (): Promise<void> => {
      while (next < 1000) {
        const number = next++;
        const start = performance.now();
        const { status } = await push(secret, number);
        millis.push(performance.now() - start);
        statuses.add(status);
      }
    };
    await Promise.all(Array.from({ length: 32 }, sender));
    const seconds = (performance.now() - since) / 1000;
    const { user, system } = process.cpuUsage(before);
    assert.deepEqual([...statuses], [202]);
    // A machine on which it takes longer than a build is waited for makes one more in each such time.
    const waits = Math.floor(seconds / 30);
    const first = await platform.builds();
    assert.ok(first.length <= 1 + waits, `${first.length} builds in ${seconds} s`);
    for (const { metadata } of first) await platform.endBuild(metadata.name, "Succeeded");
    await platform.until("shop", ({ status }) => status?.deliveries?.[0]?.build !== undefined);
    const all = await platform.builds();
    assert.ok(all.length <= 2 + waits, `${all.length} builds in ${seconds} s`);
    await platform.endBuild(all.at(-1)?.metadata.name ?? "", "Succeeded");
    const { status } = await platform.until(
      "shop",
      (webhook) => webhook.status?.deliveries?.[0]?.outcome === "Built",
    );
    assert.equal(status?.deliveries?.[0]?.revision, all.at(-1)?.spec.source.git?.revision);
    assert.equal(status?.deliveries?.[1]?.outcome, "Coalesced");
    abort.abort();
    await counting;
    millis.sort((a, b) => a - b);
    console.log(
      `1,000 deliveries in ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU with the senders; p50 ${millis[500]?.toFixed(0)} ms, p99 ${millis[990]?.toFixed(0)} ms; ${writes} writes of the status`,
    );
    assert.ok(writes < 20 + seconds, `${writes} writes`);
  });

  it("says of a delivery how its build ended", async () => {
    const { secret } = await platform.createHook("github");
    await push(secret, 1, "one");
    await platform.until("shop", ({ status }) => status?.deliveries?.[0]?.outcome === "Building");
    await platform.endBuild("shop-b1", "Failed");
    const { status } = await platform.until(
      "shop",
      (webhook) => webhook.status?.deliveries?.[0]?.outcome === "Failed",
    );
    assert.deepEqual(
      [status?.deliveries?.[0]?.id, status?.deliveries?.[0]?.message, status?.deliveries?.[0]?.build],
      ["one", "It Failed", "shop-b1"],
    );
    assert.equal(status?.url, "http://git.test:8080/hooks/demo/shop");
    assert.equal(status?.conditions?.[0]?.status, "True");
  });

  it("handles a delivery again when that is asked for, once for each request", async () => {
    const { secret } = await platform.createHook("github");
    await push(secret, 1, "one");
    await platform.builds();
    await platform.endBuild("shop-b1", "Failed");
    const ask = (value: string) =>
      platform.client.patch(
        Webhooks,
        { namespace: "demo", name: "shop" },
        { type: "merge", body: { metadata: { annotations: { [REDELIVER_ANNOTATION]: value } } } },
      );
    await platform.until("shop", ({ status }) => status?.deliveries?.[0]?.outcome === "Failed");
    await ask("one");
    await platform.until("shop", ({ status }) => status?.redelivered === "one");
    await platform.restart();
    const builds = await platform.builds();
    assert.deepEqual(
      builds.map(({ spec }) => [spec.number, spec.trigger?.delivery, spec.source.git?.revision]),
      [
        [1, "one", commit(1)],
        [2, "one.2", commit(1)],
      ],
    );
    await platform.endBuild("shop-b2", "Succeeded");
    await platform.until("shop", ({ status }) => status?.deliveries?.[0]?.outcome === "Built");
    await ask("one.2 again");
    await platform.until("shop", ({ status }) => status?.redelivered === "one.2 again");
    assert.equal((await platform.builds()).at(-1)?.spec.trigger?.delivery, "one.3");
    await ask("unknown");
    const { status } = await platform.until(
      "shop",
      (webhook) => webhook.status?.deliveries?.[0]?.outcome === "Refused",
    );
    assert.match(status?.deliveries?.[0]?.message ?? "", /"unknown" is not kept/);
  });

  it("takes the next number where somebody deploys at the same moment, and builds a delivery once", async () => {
    const { secret } = await platform.createHook("github");
    await platform.client.create(Builds, {
      metadata: { namespace: "demo", name: "shop-b1" },
      spec: { application: "shop", number: 1, source: { git: { url: "https://x/y" } } },
    });
    await push(secret, 1);
    assert.deepEqual(
      (await platform.builds()).map(({ metadata }) => metadata.name),
      ["shop-b1", "shop-b2"],
    );
    await platform.restart();
    assert.equal((await platform.builds()).length, 2);
  });

  it("tells people what the API server refuses, and goes on with the next", async () => {
    const { secret } = await platform.createHook("github");
    const quota = await platform.client.create(ResourceQuotas, {
      metadata: { namespace: "demo", name: "few" },
      spec: { hard: { "count/builds.jdos.io": "0" } },
    });
    const key = { namespace: "demo", name: quota.metadata.name };
    const status = { hard: quota.spec?.hard, used: { "count/builds.jdos.io": "0" } };
    await platform.client.patch(
      ResourceQuotas,
      key,
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
    await push(secret, 1);
    const { status: said } = await platform.until(
      "shop",
      (hook) => hook.status?.deliveries?.[0]?.outcome === "Refused",
    );
    assert.match(said?.deliveries?.[0]?.message ?? "", /quota/);
    await platform.client.delete(ResourceQuotas, key);
    await push(secret, 2);
    assert.equal((await platform.builds()).length, 1);
  });

  it("says that an application is missing, or is not made from git", async () => {
    await platform.client.create(Webhooks, {
      metadata: { namespace: "demo", name: "lost" },
      spec: { application: "none", forge: "gitlab" },
    });
    const { status } = await platform.until("lost", (webhook) => webhook.status?.conditions !== undefined);
    assert.deepEqual(
      [status?.conditions?.[0]?.status, status?.conditions?.[0]?.reason],
      ["False", "NoApplication"],
    );
  });
});

describe("UnsignedCounts", () => {
  it("tells the people of a webhook that something unsigned came, some time after", async () => {
    const clock = new FakeClock();
    const platform = await startTestHooks({ clock });
    try {
      await platform.createShop();
      await platform.createHook("github");
      for (let count = 0; count < 3; count++) await platform.post("shop", "{}", signed.github("wrong", "{}"));
      clock.advance(15_000);
      const { status } = await platform.until("shop", (webhook) => webhook.status?.unsigned !== undefined);
      assert.equal(status?.unsigned?.count, 3);
    } finally {
      await platform.stop();
    }
  });
});
