import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { Applications, type Build, Builds, ConfigMaps, Jobs, REGISTRY_STORAGE, Releases } from "@jdos/api";
import { type Condition, findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";

let platform: TestPlatform;

before(async () => {
  platform = await startTestPlatform({ build: { retrySeconds: 0.05, concurrency: 1000 } });
  await platform.client.create(ConfigMaps, {
    metadata: { name: "build-environment", namespace: "jdos-system" },
    data: { npmrc: "registry=http://npm.example.org/" },
  });
  await platform.createSystem("demo");
});

after(() => platform.stop());

const key = (name: string) => ({ namespace: "demo", name });
const succeeded = (build: Stored<Build>) =>
  (findCondition(build.status?.conditions, "Succeeded") ?? {}) as Partial<Condition>;
const IMAGE = `registry.jdos.internal/demo/app@sha256:${"a".repeat(64)}`;
const NEVER_RAN = { build: { exitCode: 128, reason: "StartError", message: "context canceled" } };

async function begun(name: string): Promise<void> {
  await platform.createApplication(name, {});
  await platform.createBuild(name, 1);
}

test("a Build tells image-builder what to do, and gives it the platform's build environment", async () => {
  await begun("told");
  await platform.until(Jobs, key("told-b1"), () => true);
  const input = await platform.client.get(ConfigMaps, key("told-b1"));
  const told = JSON.parse(input.data?.["input.json"] ?? "");
  assert.equal(told.repository, "demo/told");
  assert.equal(told.source.bundle.digest, `sha256:${"1".padStart(64, "0")}`);
  const environment = await platform.client.get(ConfigMaps, key("build-environment"));
  assert.equal(environment.data?.npmrc, "registry=http://npm.example.org/");
});

test("a Build whose container never ran begins again, and then succeeds", async () => {
  await begun("lost");
  await platform.endBuildPod("lost-b1", NEVER_RAN);
  const again = await platform.until(Builds, key("lost-b1"), ({ status }) => status?.attempt === 2);
  assert.match(succeeded(again).message ?? "", /context canceled/);
  await platform.untilGone(Jobs, key("lost-b1"));
  await platform.endBuildPod("lost-b1-r2", {
    build: { exitCode: 0, message: JSON.stringify({ image: IMAGE, digest: "x", stages: [] }) },
  });
  await platform.until(Applications, key("lost"), ({ spec }) => spec.release === 1);
});

test("a Build whose Pod is gone begins again", async () => {
  await begun("gone");
  await platform.until(Jobs, key("gone-b1"), () => true);
  const failed = {
    type: "Failed",
    status: "True",
    reason: "BackoffLimitExceeded",
    message: "Job has reached the specified backoff limit",
  };
  const conditions = [{ ...failed, type: "FailureTarget" }, failed];
  await platform.client.patch(
    Jobs,
    key("gone-b1"),
    { type: "merge", body: { status: { conditions, startTime: "2026-01-01T00:00:00Z", failed: 1 } } },
    { subresource: "status" },
  );
  await platform.until(Jobs, key("gone-b1-r2"), () => true);
});

test("a Build that is lost three times has failed", async () => {
  await begun("cursed");
  for (const job of ["cursed-b1", "cursed-b1-r2", "cursed-b1-r3"]) await platform.endBuildPod(job, NEVER_RAN);
  const build = await platform.until(Builds, key("cursed-b1"), ({ status }) => status?.phase === "Failed");
  assert.equal(succeeded(build).reason, "BuilderLost");
  assert.match(succeeded(build).message ?? "", /context canceled/);
});

test("steps that were killed for want of memory are the build's own doing", async () => {
  await begun("hungry");
  const message = JSON.stringify({
    stages: [{ name: "build", state: "Failed" }],
    error: { code: "StepsLost", message: "x" },
  });
  await platform.endBuildPod("hungry-b1", {
    steps: { exitCode: 137, reason: "OOMKilled" },
    build: { exitCode: 1, message },
  });
  const build = await platform.until(Builds, key("hungry-b1"), ({ status }) => status?.phase === "Failed");
  assert.equal(succeeded(build).reason, "OutOfMemory");
});

test("a Build of a name, a source or an application that cannot be is refused with a sentence", async () => {
  const create = (name: string, spec: Build["spec"]) =>
    platform.client.create(Builds, { metadata: { name, namespace: "demo" }, spec });
  const reason = async (name: string) =>
    succeeded(await platform.until(Builds, key(name), ({ status }) => status?.phase === "Failed")).reason;
  const git = { git: { url: "https://example.org/app.git" } };
  await platform.createApplication("picky", {});
  await create("picky-b9", { application: "picky", number: 1, source: git });
  assert.equal(await reason("picky-b9"), "InvalidName");
  await create("nobody-b1", { application: "nobody", number: 1, source: git });
  assert.equal(await reason("nobody-b1"), "ApplicationMissing");
  await create("picky-b1", { application: "picky", number: 1, source: { image: { reference: "x" } } });
  assert.equal(await reason("picky-b1"), "NoSource");
});

test("a Build is not begun while the registry is full, and says what can be done", async () => {
  await platform.createApplication("full", {});
  const registry = { metadata: { namespace: "jdos-system", name: REGISTRY_STORAGE } };
  const data = { state: "Full", usedBytes: "1073741824", limitBytes: "1073741824" };
  await platform.client.create(ConfigMaps, { ...registry, data });
  await platform.createBuild("full", 1);
  const build = await platform.until(Builds, key("full-b1"), ({ status }) => status?.phase === "Failed");
  assert.equal(succeeded(build).reason, "RegistryFull");
  assert.match(
    succeeded(build).message ?? "",
    /^The registry is full \(1.0 GiB of 1.0 GiB\).*raise --registry-limit/,
  );
  assert.deepEqual(
    (await platform.client.list(Jobs, { namespace: "demo" })).items.filter(
      ({ metadata }) => metadata.name === "full-b1",
    ),
    [],
  );
  await platform.client.patch(ConfigMaps, registry.metadata, {
    type: "merge",
    body: { data: { state: "Ok" } },
  });
  await platform.createBuild("full", 2);
  await platform.until(Jobs, key("full-b2"), () => true);
});

test("a Build that ends after a later one was released is recorded and not made current", async () => {
  await begun("overtaken");
  await platform.createBuild("overtaken", 2);
  await platform.endBuild("overtaken-b2", { image: IMAGE, digest: "x", stages: [] });
  await platform.until(Applications, key("overtaken"), ({ spec }) => spec.release === 1);
  await platform.endBuild("overtaken-b1", { image: IMAGE.replace("aaa", "bbb"), digest: "x", stages: [] });
  await platform.until(Releases, key("overtaken-v2"), ({ spec }) => spec.build === "overtaken-b1");
  await platform.idle();
  assert.equal((await platform.client.get(Applications, key("overtaken"))).spec.release, 1);
});

test("with deployPolicy Manual a Build makes a Release that waits", async () => {
  await platform.createApplication("manual", { deployPolicy: "Manual" });
  await platform.createBuild("manual", 1);
  await platform.endBuild("manual-b1", { image: IMAGE, digest: "x", stages: [] });
  await platform.until(Releases, key("manual-v1"), () => true);
  await platform.idle();
  assert.equal((await platform.client.get(Applications, key("manual"))).spec.release, undefined);
  await platform.client.patch(Applications, key("manual"), { type: "merge", body: { spec: { release: 1 } } });
  await platform.until(
    Applications,
    key("manual"),
    ({ status }) => findCondition(status?.conditions, "Released")?.status === "True",
  );
});
