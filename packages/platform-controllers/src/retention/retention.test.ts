import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  Applications,
  Builds,
  ConfigMaps,
  DELETE_IMAGES_ANNOTATION,
  Events,
  Releases,
  readNeedless,
} from "@jdos/api";
import { DEFAULT_REGISTRY } from "@jdos/component-base";
import { eventually, FakeClock, silentLogger } from "@jdos/component-base/testing";
import { settingsOf } from "../options.ts";
import { registryMissing, startRegistry, startTestPlatform, type TestPlatform } from "../testing/index.ts";
import { Retention } from "./retention.ts";

describe("Retention", { skip: registryMissing() }, () => {
  let platform: TestPlatform;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let clock: FakeClock;
  let retention: Retention;
  before(async () => {
    [platform, registry] = await Promise.all([startTestPlatform(), startRegistry(true)]);
    await platform.createSystem("demo");
  });
  after(async () => {
    await platform?.stop();
    await registry?.stop();
  });

  function begin(url = registry.url): void {
    clock = new FakeClock(new Date("2030-01-01T00:00:00Z"));
    const settings = settingsOf({
      registry: { ...DEFAULT_REGISTRY, url, access: "given" },
      retention: { graceSeconds: 3600 },
    });
    retention = new Retention({ client: platform.client, log: silentLogger(), clock, settings });
  }
  const passAfter = async (seconds: number): Promise<void> => {
    clock.advance(seconds * 1000);
    await retention.pass();
  };

  it("Retention.pass() deletes what no object needs, after the time of grace, and nothing else", async () => {
    await platform.createApplication("hello", { deployPolicy: "Manual" });
    await platform.createBuild("hello", 2);
    const current = await registry.push("demo/hello", "build-hello-b2");
    const old = await registry.push("demo/hello", "build-hello-b1");
    const released = await registry.push("demo/hello", "build-hello-b0");
    const foreign = await registry.push("demo/hello", "by-hand");
    const nobodys = await registry.push("team/tool", "build-tool-b1");
    const image = `registry.jdos.internal/demo/hello@${released}`;
    const built = `registry.jdos.internal/demo/hello@${current}`;
    await platform.endBuild("hello-b2", { image: built, digest: current, stages: [] });
    await platform.until(
      Builds,
      { namespace: "demo", name: "hello-b2" },
      ({ status }) => status?.phase === "Succeeded",
    );
    await platform.client.create(Releases, {
      metadata: { namespace: "demo", name: "hello-v9" },
      spec: { application: "hello", number: 9, image, run: {}, hash: "0".repeat(64) },
    });
    begin();
    await passAfter(0);
    await passAfter(3599);
    assert.equal(await registry.has("demo/hello", old), true, "within the time of grace");
    await passAfter(1);
    assert.equal(await registry.has("demo/hello", old), false);
    for (const each of [current, released, foreign])
      assert.equal(await registry.has("demo/hello", each), true);
    assert.equal(await registry.has("team/tool", nobodys), true, "a repository that is not ours");
  });

  it("Retention.pass() deletes nothing of an application that builds", async () => {
    await platform.createApplication("busy", {});
    const old = await registry.push("demo/busy", "build-busy-b0");
    begin();
    await passAfter(0);
    await platform.createBuild("busy", 1);
    await passAfter(7200);
    assert.equal(await registry.has("demo/busy", old), true);
    await platform.client.delete(Builds, { namespace: "demo", name: "busy-b1" });
    await platform.untilGone(Builds, { namespace: "demo", name: "busy-b1" });
    await passAfter(7200);
    assert.equal(await registry.has("demo/busy", old), false);
  });

  it("Retention.pass() deletes the images of an application that is gone, also when it starts anew", async () => {
    await platform.createApplication("gone", {});
    const image = await registry.push("demo/gone", "build-gone-b0");
    begin();
    await passAfter(0);
    await platform.client.delete(Applications, { namespace: "demo", name: "gone" });
    await platform.untilGone(Applications, { namespace: "demo", name: "gone" });
    begin();
    await passAfter(0);
    await passAfter(3600);
    assert.equal(await registry.has("demo/gone", image), false);
    await passAfter(1);
    const record = await platform.client.get(ConfigMaps, {
      namespace: "jdos-system",
      name: "image-repositories",
    });
    assert.equal(Object.keys(record.data ?? {}).includes("demo.gone"), false);
    assert.equal(Object.keys(record.data ?? {}).includes("demo.hello"), true);
  });

  it("an image that is asked to go goes at once, unless something needs it, which is said", async () => {
    const own = await startTestPlatform({
      registry: { ...DEFAULT_REGISTRY, url: registry.url, access: "given" },
    });
    try {
      await own.createSystem("team");
      await own.createApplication("asked", {}, "team");
      const free = await registry.push("team/asked", "build-asked-b1");
      const needed = await registry.push("team/asked", "build-asked-b2");
      await own.client.create(Releases, {
        metadata: { namespace: "team", name: "asked-v1" },
        spec: { application: "asked", number: 1, image: `x@${needed}`, run: {}, hash: "0".repeat(64) },
      });
      const key = { namespace: "team", name: "asked" };
      const annotations = { [DELETE_IMAGES_ANNOTATION]: `${free},${needed}` };
      await own.client.patch(Applications, key, { type: "merge", body: { metadata: { annotations } } });
      await own.until(
        Applications,
        key,
        ({ metadata }) => metadata.annotations?.[DELETE_IMAGES_ANNOTATION] === undefined,
      );
      assert.equal(await registry.has("team/asked", free), false);
      assert.equal(await registry.has("team/asked", needed), true);
      await eventually(async () => {
        const { items } = await own.client.list(Events, { namespace: "team" });
        const event = items.find(({ reason }) => reason === "ImageKept");
        assert.match(event?.message ?? "", /Release team\/asked-v1 names it$/);
      });
    } finally {
      await own.stop();
    }
  });

  it("Retention.pass() says of what it will delete when that goes", async () => {
    await platform.createApplication("told", {});
    const image = await registry.push("demo/told", "build-told-b0");
    begin();
    await passAfter(0);
    const { data } = await platform.client.get(ConfigMaps, {
      namespace: "jdos-system",
      name: "image-repositories",
    });
    const [needless] = readNeedless(data?.["demo.told"]);
    assert.equal(needless?.digest, image);
    assert.equal(needless.goesAt.getTime(), clock.now().getTime() + 3600_000);
  });

  it("Retention.pass() lives with a registry that refuses to delete, and leaves all as it is", async () => {
    const strict = await startRegistry(false);
    try {
      await platform.createApplication("strict", {});
      const image = await strict.push("demo/strict", "build-strict-b0");
      begin(strict.url);
      await passAfter(0);
      await passAfter(3600);
      assert.equal(await strict.has("demo/strict", image), true);
    } finally {
      await strict.stop();
    }
  });
});
