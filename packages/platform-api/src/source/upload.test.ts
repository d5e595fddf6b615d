import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  type ApiError,
  Namespaces,
  Secrets,
  SOURCE_CONFIG_MEDIA_TYPE,
  SOURCE_LAYER_MEDIA_TYPE,
  type SourceUploaded,
  Systems,
} from "@jdos/api";
import { createCertificateAuthority, type KeyPair } from "@jdos/component-base";
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
      maxSourceBytes: 1024 * 1024,
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

  const upload = (body: Buffer) =>
    fetch(`${platform.url}/api/v1/systems/demo/apps/hello/source`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/gzip" },
      body: new Uint8Array(body),
    });

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

  it("uploadSource() stores the archive as an artifact that the registry hands out by digest", async () => {
    const archive = gzipSync(randomBytes(600_000));
    const answer = await upload(archive);
    assert.equal(answer.status, 201);
    const { digest, sizeBytes } = (await answer.json()) as SourceUploaded;
    assert.equal(sizeBytes, archive.length);
    const { token } = await tokenOf("node", "node-password", "repository:demo/hello:pull");
    const response = await manifest(token, digest);
    assert.equal(response.status, 200);
    const { config, layers } = (await response.json()) as {
      config: { mediaType: string };
      layers: { mediaType: string; digest: string }[];
    };
    assert.equal(config.mediaType, SOURCE_CONFIG_MEDIA_TYPE);
    assert.equal(layers[0]?.mediaType, SOURCE_LAYER_MEDIA_TYPE);
    assert.equal(layers[0]?.digest, `sha256:${createHash("sha256").update(archive).digest("hex")}`);
  });

  it("uploadSource() gives equal content an equal digest", async () => {
    const digests = [];
    for (const _ of [1, 2])
      digests.push(((await (await upload(gzipSync("same"))).json()) as SourceUploaded).digest);
    assert.equal(digests[0], digests[1]);
  });

  it("uploadSource() refuses what is no archive with 400 and what is too large with 413", async () => {
    const none = await upload(Buffer.from("hello"));
    assert.deepEqual([none.status, ((await none.json()) as ApiError).code], [400, "NotAnArchive"]);
    const large = await upload(Buffer.concat([gzipSync("x"), randomBytes(1024 * 1024)]));
    assert.deepEqual([large.status, ((await large.json()) as ApiError).code], [413, "TooLarge"]);
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
