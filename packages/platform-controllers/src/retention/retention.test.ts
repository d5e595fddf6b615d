import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Applications, Builds, ConfigMaps, Releases } from "@jdos/api";
import { DEFAULT_REGISTRY } from "@jdos/component-base";
import { FakeClock, silentLogger } from "@jdos/component-base/testing";
import { settingsOf } from "../options.ts";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";
import { Retention } from "./retention.ts";

const PROGRAM = "/usr/bin/docker-registry";
const OCI = "application/vnd.oci.image.manifest.v1+json";

describe("Retention", { skip: existsSync(PROGRAM) ? false : "docker-registry is not installed" }, () => {
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

async function startRegistry(mayDelete: boolean) {
  const directory = await mkdtemp(join(tmpdir(), "jdos-retention-"));
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: directory }, delete: { enabled: mayDelete } },
    http: { addr: `127.0.0.1:${port}`, secret: "test" },
  };
  await writeFile(join(directory, "config.yml"), JSON.stringify(config));
  const child = spawn(PROGRAM, ["serve", join(directory, "config.yml")], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 400; attempt++) {
    if (
      await fetch(`${url}/v2/`).then(
        () => true,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    url,
    /** An image whose content is its name. */
    async push(repository: string, tag: string): Promise<string> {
      const config = JSON.stringify({ tag });
      const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
      const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: "POST" });
      const location = new URL(begun.headers.get("location") ?? "", url);
      location.searchParams.set("digest", digest);
      assert.equal((await fetch(location, { method: "PUT", body: config })).status, 201);
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI,
        config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: config.length },
        layers: [],
      });
      const put = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
        method: "PUT",
        headers: { "content-type": OCI },
        body: manifest,
      });
      assert.equal(put.status, 201);
      return put.headers.get("docker-content-digest") ?? "";
    },
    async has(repository: string, digest: string): Promise<boolean> {
      const answer = await fetch(`${url}/v2/${repository}/manifests/${digest}`, { headers: { accept: OCI } });
      await answer.body?.cancel();
      return answer.ok;
    },
    async stop() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await rm(directory, { recursive: true, force: true });
    },
  };
}
