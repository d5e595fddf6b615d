import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  type ApiError,
  MAX_SOURCE_PART_BYTES,
  Namespaces,
  Secrets,
  SOURCE_CONFIG_MEDIA_TYPE,
  SOURCE_PART_MEDIA_TYPE,
  Systems,
} from "@jdos/api";
import { startTcpProxy } from "@jdos/client/testing";
import { createCertificateAuthority, type KeyPair } from "@jdos/component-base";
import { sendSource } from "@jdos/component-base/source-upload";
import { senderOf } from "../testing/sender.ts";
import { registryMissing, startRegistry, type TestRegistry } from "../testing/start-registry.ts";
import { ADMIN_TOKEN, startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** The verifier of our tokens is the registry itself. */
describe("registry", { skip: registryMissing() }, () => {
  let key: KeyPair;
  let registry: TestRegistry;
  let platform: TestPlatform;
  before(async () => {
    key = await createCertificateAuthority({ commonName: "registry tokens" });
    registry = await startRegistry({ realm: "http://127.0.0.1:1/registry/token", certPem: key.certPem });
    platform = await startTestPlatform({
      registry: { url: registry.url, token: key, nodePassword: "node-password" },
      maxSourceBytes: 48 * 1024 * 1024,
    });
    await platform.client.create(Namespaces, { metadata: { name: "demo" } });
    await platform.client.create(Systems, { metadata: { name: "demo" }, spec: {} });
    const auth = { username: "demo.hello", password: "secret-of-hello" };
    const config = Buffer.from(JSON.stringify({ auths: { "registry.jdos.internal": auth } })).toString(
      "base64",
    );
    await platform.client.create(Secrets, {
      metadata: { name: "hello-registry", namespace: "demo" },
      type: "kubernetes.io/dockerconfigjson",
      data: { ".dockerconfigjson": config },
    });
  });
  after(async () => {
    await platform.stop();
    await registry.stop();
  });

  const SOURCE = "/api/v1/systems/demo/apps/hello/source";
  const put = (digest: string, body: Buffer, headers: Record<string, string> = {}) =>
    fetch(`${platform.url}${SOURCE}/parts/${digest}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        "content-type": "application/octet-stream",
        ...headers,
      },
      body: new Uint8Array(body),
    });
  const send = (tar: Buffer) =>
    sendSource({ ...senderOf(tar, () => platform.url), signal: AbortSignal.timeout(60_000) });

  const tokenOf = async (
    user: string,
    password: string,
    scope: string,
  ): Promise<{ status: number; token: string }> => {
    const query = new URLSearchParams({ service: "registry.jdos.internal", scope, account: user });
    const response = await fetch(`${platform.url}/registry/token?${query}`, {
      headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` },
    });
    return { status: response.status, token: ((await response.json()) as { token: string }).token };
  };

  const manifest = (token: string, digest: string) =>
    fetch(`${registry.url}/v2/demo/hello/manifests/${digest}`, {
      headers: { authorization: `Bearer ${token}`, accept: MANIFEST },
    });

  it("a source is stored as an artifact of parts that the registry hands out by digest", async () => {
    const tar = randomBytes(3_000_000);
    const { digest, sizeBytes, parts, sentParts } = await send(tar);
    assert.equal(sizeBytes, tar.length);
    assert.ok(parts > 1 && sentParts === parts);
    const { token } = await tokenOf("node", "node-password", "repository:demo/hello:pull");
    const response = await manifest(token, digest);
    assert.equal(response.status, 200);
    const { config, layers } = (await response.json()) as {
      config: { mediaType: string };
      layers: { mediaType: string; digest: string; size: number }[];
    };
    assert.equal(config.mediaType, SOURCE_CONFIG_MEDIA_TYPE);
    const blobs: Buffer[] = [];
    for (const layer of layers) {
      assert.equal(layer.mediaType, SOURCE_PART_MEDIA_TYPE);
      const blob = await fetch(`${registry.url}/v2/demo/hello/blobs/${layer.digest}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      blobs.push(Buffer.from(await blob.arrayBuffer()));
      assert.equal(blobs.at(-1)!.length, layer.size);
    }
    assert.ok(Buffer.concat(blobs).equals(tar));
  });

  it("of a source that is there nothing is sent, of one that changed the parts around the change", async () => {
    const tar = randomBytes(8_000_000);
    const first = await send(tar);
    const again = await send(tar);
    assert.deepEqual([again.digest, again.sentParts], [first.digest, 0]);
    const changed = Buffer.concat([tar.subarray(0, 4_000_000), Buffer.from("x"), tar.subarray(4_000_000)]);
    const third = await send(changed);
    assert.notEqual(third.digest, first.digest);
    assert.ok(third.sentParts >= 1 && third.sentParts <= 2, `${third.sentParts} parts were sent`);
  });

  it("a connection that is cut again and again in the middle loses nothing, and sends little twice", async () => {
    const { port } = new URL(platform.url);
    const proxy = await startTcpProxy({ host: "127.0.0.1", port: Number(port) });
    const tar = randomBytes(12_000_000);
    let cuts = 0;
    let failures = 0;
    const timer = setInterval(() => {
      if (cuts >= 6) return;
      cuts++;
      proxy.cut();
    }, 60);
    try {
      const sent = await sendSource({
        ...senderOf(tar, () => `http://127.0.0.1:${proxy.port}`),
        waiting: () => void failures++,
        signal: AbortSignal.timeout(60_000),
      });
      assert.ok(failures > 0, "the cuts were felt");
      assert.equal(sent.sizeBytes, tar.length);
      assert.ok((await send(tar)).sentParts === 0);
    } finally {
      clearInterval(timer);
      await proxy.stop();
    }
  });

  it("what was sent before the sender died is not sent again", async () => {
    const tar = randomBytes(40_000_000);
    const dying = new AbortController();
    const died = sendSource({
      ...senderOf(tar, () => platform.url),
      progress: () => dying.abort(),
      signal: dying.signal,
    });
    await assert.rejects(died);
    const { parts, sentParts } = await send(tar);
    assert.ok(sentParts > 0 && sentParts < parts - 8, `${sentParts} of ${parts} were sent`);
  });

  it("a part that is not what its digest says is refused, and one that is too large", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const cases = [
      [await put(digest, Buffer.from("hello")), 400, "DigestMismatch"],
      [await put(digest, Buffer.from("hello"), { "content-encoding": "gzip" }), 400, "BadRequest"],
      [await put(digest, randomBytes(MAX_SOURCE_PART_BYTES + 100_000)), 413, "TooLarge"],
      [
        await put(digest, gzipSync(Buffer.alloc(MAX_SOURCE_PART_BYTES + 1)), { "content-encoding": "gzip" }),
        413,
        "TooLarge",
      ],
      [await put("sha256:x", Buffer.from("hello")), 422, "Invalid"],
    ] as const;
    for (const [answer, status, code] of cases)
      assert.deepEqual([answer.status, ((await answer.json()) as ApiError).code], [status, code]);
  });

  it("a source is refused that is too large with 413, that has a part that is not there with 409", async () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const large = Array.from({ length: 13 }, () => ({ digest, sizeBytes: MAX_SOURCE_PART_BYTES }));
    for (const path of [SOURCE, `${SOURCE}/missing`]) {
      const answer = await platform.call("POST", path, { parts: large });
      assert.deepEqual([answer.status, (answer.body as ApiError).code], [413, "TooLarge"]);
    }
    const parts = [{ digest, sizeBytes: 1 }];
    assert.deepEqual((await platform.call("POST", `${SOURCE}/missing`, { parts })).body, {
      missing: [digest],
    });
    const answer = await platform.call("POST", SOURCE, { parts });
    assert.deepEqual([answer.status, (answer.body as ApiError).code], [409, "SourceIncomplete"]);
  });

  it("the registry takes our token from the application for its own repository alone", async () => {
    const own = await tokenOf("demo.hello", "secret-of-hello", "repository:demo/hello:pull,push");
    const begin = (repository: string) =>
      fetch(`${registry.url}/v2/${repository}/blobs/uploads/`, {
        method: "POST",
        headers: { authorization: `Bearer ${own.token}` },
      });
    assert.equal((await begin("demo/hello")).status, 202);
    assert.equal((await begin("demo/other")).status, 401);
  });

  it("the registry refuses a token for what was not granted, and one signed by another key", async () => {
    const { token } = await tokenOf("node", "node-password", "repository:demo/hello:pull,push");
    const push = await fetch(`${registry.url}/v2/demo/hello/blobs/uploads/`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(push.status, 401);
    const stranger = await startTestPlatform();
    try {
      const query = new URLSearchParams({
        service: "registry.jdos.internal",
        scope: "repository:demo/hello:pull",
      });
      const answer = await fetch(`${stranger.url}/registry/token?${query}`, {
        headers: { authorization: `Basic ${btoa("node:node-password")}` },
      });
      const foreign = ((await answer.json()) as { token: string }).token;
      assert.equal((await manifest(foreign, `sha256:${"0".repeat(64)}`)).status, 401);
    } finally {
      await stranger.stop();
    }
  });

  it("identify() refuses wrong passwords and unknown names", async () => {
    for (const [user, password] of [
      ["demo.hello", "wrong"],
      ["demo.none", "secret-of-hello"],
      ["node", ""],
      ["admin", "wrong"],
      ["demo", "x"],
    ] as const) {
      assert.equal((await tokenOf(user, password, "repository:demo/hello:pull")).status, 401, user);
    }
    assert.equal((await tokenOf("admin", ADMIN_TOKEN, "registry:catalog:*")).status, 200);
  });
});
