import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  type Accepted,
  type ApiError,
  Applications,
  BUILD_LOG_CONFIG_MEDIA_TYPE,
  BUILD_LOG_LAYER_MEDIA_TYPE,
  type Build,
  Builds,
  type BuildView,
  buildLogTag,
  Namespaces,
  Systems,
} from "@jdos/api";
import {
  BASIC_CREDENTIAL,
  registryMissing,
  startBasicRegistry,
  type TestRegistry,
} from "../testing/start-registry.ts";
import { startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const APP = "/api/v1/systems/demo/apps/hello";

async function prepare(platform: TestPlatform): Promise<void> {
  await platform.client.create(Namespaces, { metadata: { name: "demo" } });
  await platform.client.create(Systems, { metadata: { name: "demo" }, spec: {} });
  await platform.client.create(Applications, { metadata: { name: "hello", namespace: "demo" }, spec: {} });
}

async function build(
  platform: TestPlatform,
  number: number,
  status: Build["status"],
  spec = {},
): Promise<void> {
  const key = { namespace: "demo", name: `hello-b${number}` };
  const source = { bundle: { digest: `sha256:${"1".repeat(64)}` } };
  await platform.client.create(Builds, {
    metadata: key,
    spec: { application: "hello", number, source, build: { args: { A: "1" } }, ...spec },
  });
  if (status !== undefined)
    await platform.client.patch(Builds, key, { type: "merge", body: { status } }, { subresource: "status" });
}

describe("build routes", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform();
    await prepare(platform);
  });
  after(() => platform.stop());

  const post = async <T>(path: string): Promise<{ status: number; body: T }> =>
    (await platform.call("POST", `${APP}/builds/${path}`)) as { status: number; body: T };

  it("cancelBuild asks a build to stop, once, and says who did; one that has ended is refused", async () => {
    await build(platform, 1, { phase: "Running" });
    assert.equal((await post<BuildView>("1/cancel")).status, 202);
    const asked = await platform.client.get(Builds, { namespace: "demo", name: "hello-b1" });
    assert.equal(asked.spec.cancel, true);
    assert.equal(asked.metadata.annotations?.["jdos.io/cancelled-by"], "admin");
    assert.equal((await post("1/cancel")).status, 202);
    const same = await platform.client.get(Builds, { namespace: "demo", name: "hello-b1" });
    assert.equal(same.metadata.resourceVersion, asked.metadata.resourceVersion);
    await build(platform, 2, { phase: "Cancelled" });
    assert.equal((await post<BuildView>("2/cancel")).body.phase, "Cancelled");
    await build(platform, 3, { phase: "Succeeded" });
    const refused = await post<ApiError>("3/cancel");
    assert.deepEqual([refused.status, refused.body.code], [409, "Conflict"]);
    assert.match(refused.body.hint ?? "", /rollback/);
    assert.equal((await post<ApiError>("99/cancel")).status, 404);
  });

  it("retryBuild makes a build of the same source and settings, one at a time", async () => {
    await build(
      platform,
      11,
      { phase: "Failed" },
      { trigger: { kind: "Push", ref: "main" }, timeoutSeconds: 60 },
    );
    const first = await post<Accepted>("11/retry");
    assert.deepEqual([first.status, first.body.build, first.body.changed], [202, "hello-b12", true]);
    const { spec } = await platform.client.get(Builds, { namespace: "demo", name: "hello-b12" });
    assert.deepEqual(spec, {
      application: "hello",
      number: 12,
      source: { bundle: { digest: `sha256:${"1".repeat(64)}` } },
      build: { args: { A: "1" } },
      timeoutSeconds: 60,
      requestedBy: "admin",
      retryOf: "hello-b11",
      trigger: { kind: "Retry", ref: "main" },
    });
    const again = await post<Accepted>("11/retry");
    assert.deepEqual([again.body.build, again.body.changed], ["hello-b12", false]);
    const refused = await post<ApiError>("12/retry");
    assert.deepEqual([refused.status, refused.body.code], [409, "Conflict"]);
  });

  it("deploy of what a branch led to is a push, whose builds a newer one may overtake", async () => {
    const source = { bundle: { digest: `sha256:${"2".repeat(64)}`, revision: "a".repeat(40), ref: "main" } };
    const { body } = await platform.call("POST", `${APP}/deploy`, { source });
    const { build: name = "" } = body as Accepted;
    const { spec } = await platform.client.get(Builds, { namespace: "demo", name });
    assert.deepEqual(spec.trigger, { kind: "Push", ref: "main" });
  });

  it("buildLog says of a build that has not begun that it waits", async () => {
    await build(platform, 21, { phase: "Queued" });
    const { status, body } = await platform.call("GET", `${APP}/builds/21/log`);
    assert.equal(status, 404);
    assert.match((body as ApiError).message, /it waits for its turn/);
  });
});

describe("kept logs", { skip: registryMissing() }, () => {
  let registry: TestRegistry;
  let platform: TestPlatform;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "jdos-kept-log-"));
    registry = await startBasicRegistry();
    const { username, password } = BASIC_CREDENTIAL;
    const credentialsFile = join(directory, "config.json");
    const auths = { [new URL(registry.url).host]: { auth: btoa(`${username}:${password}`) } };
    await writeFile(credentialsFile, JSON.stringify({ auths }));
    platform = await startTestPlatform({
      registry: { url: registry.url, host: new URL(registry.url).host, credentialsFile },
    });
    await prepare(platform);
  });
  after(async () => {
    await platform.stop();
    await registry.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const authorization = `Basic ${btoa(`${BASIC_CREDENTIAL.username}:${BASIC_CREDENTIAL.password}`)}`;
  const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

  async function push(bytes: Uint8Array<ArrayBuffer>): Promise<{ digest: string; size: number }> {
    const headers = { authorization, "content-type": "application/octet-stream" };
    const begun = await fetch(`${registry.url}/v2/demo/hello/blobs/uploads/`, { method: "POST", headers });
    const url = new URL(begun.headers.get("location") ?? "", registry.url);
    url.searchParams.set("digest", digestOf(bytes));
    await fetch(url, { method: "PUT", headers, body: bytes });
    return { digest: digestOf(bytes), size: bytes.length };
  }

  async function keep(name: string, text: string): Promise<string> {
    const layer = await push(new Uint8Array(gzipSync(text)));
    const config = await push(new TextEncoder().encode("{}"));
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { ...config, mediaType: BUILD_LOG_CONFIG_MEDIA_TYPE },
      layers: [{ ...layer, mediaType: BUILD_LOG_LAYER_MEDIA_TYPE }],
    });
    const headers = { authorization, "content-type": mediaType };
    const url = `${registry.url}/v2/demo/hello/manifests/${buildLogTag(name)}`;
    assert.equal((await fetch(url, { method: "PUT", headers, body })).status, 201);
    return digestOf(Buffer.from(body));
  }

  const read = async (number: number, query = "") => {
    const { status, body } = await platform.call("GET", `${APP}/builds/${number}/log${query}`);
    return { status, body: body as { line?: string; time?: string; code?: string } };
  };

  it("buildLog reads the log of a build whose Pod is gone, by its digest or by its name, also when it follows", async () => {
    const log = await keep("hello-b1", "2026-01-01T00:00:00.123Z --- stage source started\n");
    await build(platform, 1, { phase: "Failed", pod: "gone", log, completionTime: "2026-01-01T00:00:00Z" });
    const expected = { pod: "gone", time: "2026-01-01T00:00:00.123Z", line: "--- stage source started" };
    assert.deepEqual(await read(1), { status: 200, body: expected });
    assert.deepEqual(await read(1, "?follow=true"), { status: 200, body: expected });
    await keep("hello-b2", "2026-01-01T00:00:00.123Z killed\n");
    await build(platform, 2, { phase: "Cancelled", completionTime: "2026-01-01T00:00:00Z" });
    assert.equal((await read(2)).body.line, "killed");
  });

  it("buildLog says so when no log was kept", async () => {
    const times = { startTime: "2026-01-01T00:00:00Z", completionTime: "2026-01-01T00:00:00Z" };
    await build(platform, 3, { phase: "Failed", ...times });
    const { status, body } = await read(3);
    assert.deepEqual([status, body.code], [404, "NotFound"]);
  });
});
