import assert from "node:assert/strict";
import test from "node:test";
import { type Build, Builds, Jobs, Releases } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { startTestPlatform, type TestPlatform } from "../../testing/index.ts";

const IMAGE = `registry.jdos.internal/demo/app@sha256:${"a".repeat(64)}`;
const saidOf = (build: Stored<Build>) => findCondition(build.status?.conditions, "Succeeded");
const started = ({ status }: Stored<Build>) => status?.phase === "Pending";

async function startTwoSystems(t: test.TestContext): Promise<TestPlatform> {
  const platform = await startTestPlatform({ build: { concurrency: 2, retrySeconds: 0.05 } });
  t.after(() => platform.stop());
  for (const system of ["demo", "shop"]) await platform.createSystem(system);
  return platform;
}

const jobs = async (platform: TestPlatform) =>
  (await platform.client.list(Jobs)).items
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .sort();

test("of many Builds two are under way, one of each system, and the others know their place", async (t) => {
  const platform = await startTwoSystems(t);
  await platform.createApplication("app", {}, "demo");
  await platform.createApplication("web", {}, "shop");
  for (let number = 1; number <= 4; number++) await platform.createBuild("app", number);
  await platform.until(Builds, { namespace: "demo", name: "app-b2" }, started);
  for (let number = 1; number <= 2; number++) await platform.createBuild("web", number, "shop");
  await platform.endBuild("app-b1", { image: IMAGE, digest: "x", stages: [] });
  await platform.until(Jobs, { namespace: "shop", name: "web-b1" }, () => true);
  const last = await platform.until(Builds, { namespace: "demo", name: "app-b4" }, (build) =>
    /2 builds are before it/.test(saidOf(build)?.message ?? ""),
  );
  assert.deepEqual([last.status?.phase, saidOf(last)?.reason], ["Queued", "Queued"]);
  await platform.idle();
  assert.deepEqual(await jobs(platform), ["demo/app-b1", "demo/app-b2", "shop/web-b1"]);
});

test("a queued Build that is deleted or cancelled leaves at once, and a newer push supersedes an older one", async (t) => {
  const platform = await startTwoSystems(t);
  await platform.createApplication("app", {}, "demo");
  const key = (number: number) => ({ namespace: "demo", name: `app-b${number}` });
  for (let number = 1; number <= 2; number++) await platform.createBuild("app", number);
  await platform.until(Jobs, key(2), () => true);
  const push = { kind: "Push", ref: "main" } as const;
  for (const number of [3, 4, 5, 6]) {
    const source = { bundle: { digest: `sha256:${"1".repeat(64)}` } };
    const trigger = number > 4 ? { trigger: push } : {};
    const spec = { application: "app", number, source, ...trigger };
    await platform.client.create(Builds, { metadata: key(number), spec });
  }
  const superseded = await platform.until(Builds, key(5), ({ status }) => status?.phase === "Cancelled");
  assert.equal(saidOf(superseded)?.reason, "Superseded");
  assert.match(saidOf(superseded)?.message ?? "", /^Build 6 /);
  await platform.until(Builds, key(6), (build) => /2 builds are before/.test(saidOf(build)?.message ?? ""));
  await platform.client.patch(Builds, key(3), { type: "merge", body: { spec: { cancel: true } } });
  const cancelled = await platform.until(Builds, key(3), ({ status }) => status?.phase === "Cancelled");
  assert.equal(saidOf(cancelled)?.message, "It was cancelled while it was queued");
  await platform.client.delete(Builds, key(4));
  await platform.until(Builds, key(6), (build) => /the next to start/.test(saidOf(build)?.message ?? ""));
  assert.deepEqual(await jobs(platform), ["demo/app-b1", "demo/app-b2"]);
});

test("controllers that are killed at any write go on where they were, and never start one too many", async (t) => {
  const platform = await startTwoSystems(t);
  await platform.createApplication("app", {}, "demo");
  await platform.createApplication("web", {}, "shop");
  for (let number = 1; number <= 4; number++) {
    await platform.createBuild("app", number);
    await platform.createBuild("web", number, "shop");
  }
  const ending = new Set<string>();
  for (let round = 0; ending.size < 8; round++) {
    assert.ok(round < 60, `only ${[...ending]} began`);
    // Dead soon, then alive, then dead a little later.
    await platform.restart(round % 2 === 0 ? { deadAfterWrites: (round / 2) % 7 } : {});
    await platform.idle();
    const { items } = await platform.client.list(Builds);
    const underWay = items.filter(({ status }) => status?.phase === "Pending" || status?.phase === "Running");
    assert.ok(underWay.length <= 2, `${underWay.length} are under way`);
    const there = await jobs(platform);
    for (const { metadata } of underWay) {
      const name = `${metadata.namespace}/${metadata.name}`;
      if (!there.includes(name) || ending.has(name)) continue;
      ending.add(name);
      await platform.endBuild(metadata.name, { image: IMAGE, digest: "x", stages: [] }, metadata.namespace);
    }
  }
  await platform.restart();
  for (const system of ["demo", "shop"]) {
    const name = system === "demo" ? "app-b4" : "web-b4";
    await platform.until(Builds, { namespace: system, name }, ({ status }) => status?.phase === "Succeeded");
  }
  await platform.idle();
  const { items } = await platform.client.list(Builds);
  assert.deepEqual([...new Set(items.map(({ status }) => status?.phase))], ["Succeeded"]);
  const releases = (await platform.client.list(Releases)).items.map(({ spec }) => spec.build);
  assert.equal(new Set(releases).size, releases.length, "a build became two releases");
});
