import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { type Application, Applications, FORCED_BY_ANNOTATION, Releases, Systems } from "@jdos/api";
import { forcedAnnotations } from "@jdos/api/change-author";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";

const image = (digit: string): string => `registry.jdos.internal/demo/app@sha256:${digit.repeat(64)}`;
const key = (name: string) => ({ namespace: "demo", name });
let platform: TestPlatform;

before(async () => {
  platform = await startTestPlatform();
  await platform.createSystem("demo");
});
after(() => platform.stop());

async function freeze(seconds: number | undefined): Promise<void> {
  const to = new Date(Date.now() + (seconds ?? 0) * 1000).toISOString();
  const window = { name: "peak", from: "2020-01-01T00:00:00Z", to, reason: "the busiest day" };
  const body = { spec: { freezeWindows: seconds === undefined ? [] : [window] } };
  await platform.client.patch(Systems, { name: "demo" }, { type: "merge", body });
}

const on = (release: number) => (application: Stored<Application>) => application.spec.release === release;
const waits = (application: Stored<Application>) =>
  findCondition(application.status?.conditions, "Released")?.reason === "Frozen";
const observed = ({ metadata, status }: Stored<Application>) =>
  status?.observedGeneration === metadata.generation;
const build = async (name: string, number: number) => {
  await platform.createBuild(name, number);
  await platform.endBuild(`${name}-b${number}`, { image: image(String(number)), digest: "x", stages: [] });
};
const patch = (name: string, body: object) =>
  platform.client.patch(Applications, key(name), { type: "merge", body });

test("in a freeze Releases of builds are made and wait; the newest becomes current when it ends", async () => {
  await platform.createApplication("slow", {});
  await build("slow", 1);
  await platform.until(Applications, key("slow"), on(1));
  await freeze(3);
  await build("slow", 2);
  await platform.until(Releases, key("slow-v2"), () => true);
  await build("slow", 3);
  await platform.until(Releases, key("slow-v3"), () => true);
  await patch("slow", { spec: { run: { env: [{ name: "A", value: "1" }] } } });
  const held = await platform.until(Applications, key("slow"), (each) => waits(each) && observed(each));
  assert.equal(held.spec.release, 1);
  const { message = "" } = findCondition(held.status?.conditions, "Released") ?? {};
  assert.match(
    message,
    /^Release v2 waits: system demo is frozen until .*: the busiest day; Release v1 is current/,
  );
  await platform.restart();
  // Nobody touches anything: the time alone does it. The configuration follows as a Release of its own.
  const thawed = await platform.until(Applications, key("slow"), on(4));
  assert.equal((await platform.client.get(Releases, key("slow-v4"))).spec.image, image("3"));
  await platform.until(Applications, key("slow"), (each) => !waits(each));
  assert.equal(thawed.spec.run?.env?.[0]?.value, "1");
  await platform.idle();
  const { items } = await platform.client.list(Releases, { namespace: "demo" });
  assert.equal(items.filter(({ spec }) => spec.application === "slow").length, 4);
});

test("in a freeze a rollback waits unless it is forced, which the Release says; what waited does not undo it", async () => {
  await freeze(undefined);
  await platform.createApplication("hasty", {});
  for (const number of [1, 2]) {
    await build("hasty", number);
    await platform.until(Applications, key("hasty"), on(number));
  }
  await freeze(600);
  await build("hasty", 3);
  await platform.until(Releases, key("hasty-v3"), () => true);
  await patch("hasty", { spec: { rollbackTo: 1 } });
  const held = await platform.until(Applications, key("hasty"), (each) => waits(each) && observed(each));
  assert.deepEqual([held.spec.release, held.spec.rollbackTo], [2, 1]);
  await patch("hasty", { metadata: { annotations: forcedAnnotations(held.spec, "ann") } });
  await platform.until(Applications, key("hasty"), on(4));
  const { spec } = await platform.client.get(Releases, key("hasty-v4"));
  assert.deepEqual([spec.image, spec.reason], [image("1"), "rollback to v1, forced by ann"]);
  await freeze(undefined);
  await platform.idle();
  assert.equal((await platform.client.get(Applications, key("hasty"))).spec.release, 4);
});

test("in a freeze a forced build becomes current at once, and a preview is not frozen", async () => {
  await freeze(600);
  await platform.client.create(Applications, {
    metadata: { ...key("hello-pr-1"), labels: { "jdos.io/preview-of": "hello" } },
    spec: { source: { image: { reference: image("7") } } },
  });
  await platform.until(Applications, key("hello-pr-1"), on(1));
  await platform.createApplication("urgent", {});
  const made = await platform.createBuild("urgent", 1);
  const body = { metadata: { annotations: { [FORCED_BY_ANNOTATION]: "ann" } } };
  const { Builds } = await import("@jdos/api");
  await platform.client.patch(Builds, key(made.metadata.name), { type: "merge", body });
  await platform.endBuild("urgent-b1", { image: image("8"), digest: "x", stages: [] });
  await platform.until(Applications, key("urgent"), on(1));
  assert.equal(
    (await platform.client.get(Releases, key("urgent-v1"))).spec.reason,
    "build urgent-b1, forced by ann",
  );
  await freeze(undefined);
});

test("a promoted image becomes a Release that names where it is from, and once more when it is asked for again", async () => {
  const source = (request: string) => ({
    image: {
      reference: image("9"),
      promotedFrom: { system: "test", application: "hello", release: 3 },
      request,
    },
  });
  await platform.createApplication("prod", { source: source("one") });
  await platform.until(Applications, key("prod"), on(1));
  const { spec } = await platform.client.get(Releases, key("prod-v1"));
  assert.equal(spec.reason, "promoted from test/hello v3");
  assert.deepEqual(spec.promotedFrom, { system: "test", application: "hello", release: 3 });
  await patch("prod", { spec: { source: source("two") } });
  await platform.until(Applications, key("prod"), on(2));
  await platform.idle();
});
