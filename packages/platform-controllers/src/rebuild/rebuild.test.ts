import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Application, Applications, BASE_IMAGE_CONDITION, Builds, Releases } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { registryMissing, startRegistry, startTestPlatform, type TestPlatform } from "../testing/index.ts";

const image = (letter: string): string => `registry.jdos.internal/demo/app@sha256:${letter.repeat(64)}`;
const saidOf = (application: Stored<Application>) =>
  findCondition(application.status?.conditions, BASE_IMAGE_CONDITION);

describe("rebuild", { skip: registryMissing() }, () => {
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  let platform: TestPlatform;
  let host: string;

  before(async () => {
    registry = await startRegistry(true);
    host = new URL(registry.url).host;
    platform = await startTestPlatform({
      notices: { allow: ["127.0.0.0/8"] },
      rebuild: { checkSeconds: 0.5 },
      registry: {
        ...{ host: "registry.jdos.internal", prefix: "", url: registry.url, access: "given" },
        mirrors: [{ prefix: "docker.io", location: `${host}/hub`, url: registry.url }],
      },
      build: { concurrency: 2 },
    });
    await platform.createSystem("demo");
  });
  after(async () => {
    await platform?.stop();
    await registry?.stop();
  });

  const key = (name: string) => ({ namespace: "demo", name });
  const until = (name: string, done: (application: Stored<Application>) => boolean) =>
    platform.until(Applications, key(name), done);

  /** A release whose build began with these. */
  async function deployed(name: string, bases: Record<string, string>, number = 1): Promise<void> {
    const materials = Object.entries(bases).map(([base, digest]) => ({ image: base, digest }));
    const stack = "dockerfile: Dockerfile";
    await platform.until(Builds, key(`${name}-b${number}`), ({ status }) => status?.phase === "Pending");
    const digest = image(String(number)).split("@")[1]!;
    await platform.endBuild(`${name}-b${number}`, {
      ...{ image: image(String(number)), digest, stages: [], stack },
      bases: materials,
    });
    await until(name, ({ spec }) => spec.release === number);
  }

  it("a newer base is offered, until it was built with, and never where nobody is to look", async () => {
    const old = await registry.push("library/node", "24", "old");
    const node = `${host}/library/node:24`;
    await platform.createApplication("offered", {});
    await platform.createBuild("offered", 1);
    await deployed("offered", { [node]: old, [`${host}/library/node@${old}`]: old });
    await platform.idle();
    assert.equal(saidOf(await platform.client.get(Applications, key("offered"))), undefined);
    const now = await registry.push("library/node", "24", "new");
    const told = await until("offered", (each) => saidOf(each) !== undefined);
    assert.deepEqual(saidOf(told)?.status, "False");
    const is = `${node} is ${now.slice(0, 19)} now and was ${old.slice(0, 19)} when build offered-b1 was made`;
    assert.equal(
      saidOf(told)?.message,
      `${is}. Build it again: jdos build retry 1 --system demo --app offered`,
    );
    await platform.createBuild("offered", 2);
    await until("offered", (each) => saidOf(each)?.reason === "Rebuilding");
    await deployed("offered", { [node]: now }, 2);
    await until("offered", (each) => saidOf(each) === undefined);
    await registry.push("library/node", "24", "newest");
    await until("offered", (each) => saidOf(each) !== undefined);
    const build = { rebuild: "Never" };
    await platform.client.patch(Applications, key("offered"), { type: "merge", body: { spec: { build } } });
    await until("offered", (each) => saidOf(each) === undefined);
  });

  it("a base that comes from a mirror is asked for there", async () => {
    const old = await registry.push("hub/library/caddy", "2", "old");
    await platform.createApplication("mirrored", {});
    await platform.createBuild("mirrored", 1);
    await deployed("mirrored", { "docker.io/library/caddy:2": old });
    await registry.push("hub/library/caddy", "2", "new");
    const told = await until("mirrored", (each) => saidOf(each) !== undefined);
    assert.match(saidOf(told)?.message ?? "", /^docker\.io\/library\/caddy:2 is sha256:/);
  });

  it("Automatic builds the same source once; a failure is not repeated at once, also not after a restart", async () => {
    const old = await registry.push("library/python", "3", "old");
    const python = `${host}/library/python:3`;
    await platform.createApplication("auto", { build: { rebuild: "Automatic" } });
    await platform.createBuild("auto", 1);
    await deployed("auto", { [python]: old });
    const now = await registry.push("library/python", "3", "new");
    const made = await platform.until(Builds, key("auto-b2"), ({ status }) => status?.phase === "Pending");
    assert.deepEqual(made.spec.trigger, { kind: "BaseImage" });
    const first = await platform.client.get(Builds, key("auto-b1"));
    assert.deepEqual(made.spec.source, first.spec.source);
    await platform.endBuild("auto-b2", { stages: [], error: { code: "StepFailed", message: "no" } });
    const failed = await until("auto", (each) => saidOf(each)?.reason === "RebuildFailed");
    assert.match(saidOf(failed)?.message ?? "", /build auto-b2 failed, it is tried again at \d/);
    await platform.restart();
    await platform.idle();
    const newest = await registry.push("library/python", "3", "newest");
    assert.notEqual(newest, now);
    await platform.until(Builds, key("auto-b3"), ({ status }) => status?.phase === "Pending");
    await deployed("auto", { [python]: newest }, 3).catch(() => {});
    await until("auto", (each) => saidOf(each) === undefined);
    const { items } = await platform.client.list(Builds, { namespace: "demo" });
    assert.equal(items.filter(({ spec }) => spec.application === "auto").length, 3);
    const releases = (await platform.client.list(Releases, { namespace: "demo" })).items;
    assert.equal(releases.filter(({ spec }) => spec.application === "auto").length, 2);
  });
});
