import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type Accepted, type ApiError, Applications, Namespaces, Releases, Systems } from "@jdos/api";
import { createCertificateAuthority } from "@jdos/component-base";
import { registryMissing, startRegistry, type TestRegistry } from "../testing/start-registry.ts";
import { ADMIN_TOKEN, startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const TYPE = "application/vnd.oci.image.manifest.v1+json";
const sha256 = (bytes: string): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

describe("promotion", { skip: registryMissing() }, () => {
  let platform: TestPlatform;
  let registry: TestRegistry;
  let digest: string;

  before(async () => {
    const token = await createCertificateAuthority();
    let url = "";
    registry = await startRegistry({ realm: "http://127.0.0.1:1/token", certPem: token.certPem });
    url = registry.url;
    platform = await startTestPlatform({ registry: { url, token, nodePassword: "node-password" } });
    for (const name of ["test", "prod"]) {
      await platform.client.create(Namespaces, { metadata: { name } });
      await platform.client.create(Systems, { metadata: { name }, spec: {} });
    }
    digest = await push("test/hello", "a layer");
    await platform.client.create(Applications, {
      metadata: { namespace: "test", name: "hello" },
      spec: { release: 1 },
    });
    await release(1, `registry.jdos.internal/test/hello@${digest}`);
    await release(2, `registry.jdos.internal/other/app@${digest}`);
    await release(3, `registry.jdos.internal/test/hello@sha256:${"0".repeat(64)}`);
  });
  after(async () => {
    await platform?.stop();
    await registry?.stop();
  });

  async function release(number: number, image: string): Promise<void> {
    const run = { memory: "64Mi", env: [{ name: "DATABASE", value: "test" }] };
    await platform.client.create(Releases, {
      metadata: { namespace: "test", name: `hello-v${number}` },
      spec: { application: "hello", number, image, run, hash: "0".repeat(64) },
    });
  }

  async function ask(repository: string, path: string, init: RequestInit = {}): Promise<Response> {
    const scope = new URLSearchParams({
      service: "registry.jdos.internal",
      scope: `repository:${repository}:pull,push`,
    });
    const answer = await fetch(`${platform.url}/registry/token?${scope}`, {
      headers: { authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` },
    });
    const { token } = (await answer.json()) as { token: string };
    const headers = { authorization: `Bearer ${token}`, accept: TYPE, ...(init.headers as object) };
    return fetch(new URL(path, registry.url), { ...init, headers });
  }

  async function push(repository: string, layer: string): Promise<string> {
    for (const blob of ["{}", layer]) {
      const begun = await ask(repository, `/v2/${repository}/blobs/uploads/`, { method: "POST" });
      const at = new URL(begun.headers.get("location") ?? "");
      at.searchParams.set("digest", sha256(blob));
      assert.equal(
        (await ask(repository, `${at.pathname}${at.search}`, { method: "PUT", body: blob })).status,
        201,
      );
    }
    const of = (blob: string, mediaType: string) => ({ mediaType, digest: sha256(blob), size: blob.length });
    const manifest = JSON.stringify({
      ...{ schemaVersion: 2, mediaType: TYPE },
      config: of("{}", "application/vnd.oci.image.config.v1+json"),
      layers: [of(layer, "application/vnd.oci.image.layer.v1.tar")],
    });
    const put = { method: "PUT", body: manifest, headers: { "content-type": TYPE } };
    assert.equal((await ask(repository, `/v2/${repository}/manifests/${sha256(manifest)}`, put)).status, 201);
    return sha256(manifest);
  }

  const promote = async (body: object) => {
    const answer = await platform.call("POST", "/api/v1/systems/prod/apps/shop/promote", body);
    return { status: answer.status, body: answer.body as Accepted & ApiError };
  };

  it("makes the same digest pullable from the target's repository, and the target an application like the source", async () => {
    assert.equal((await ask("prod/shop", `/v2/prod/shop/manifests/${digest}`)).status, 404);
    const request = { from: { system: "test", app: "hello" }, requestId: "one" };
    assert.deepEqual((await promote(request)).body.changed, true);
    assert.deepEqual((await promote(request)).body.changed, false);
    const copied = await ask("prod/shop", `/v2/prod/shop/manifests/${digest}`);
    assert.equal(sha256(await copied.text()), digest);
    const layer = await ask("prod/shop", `/v2/prod/shop/blobs/${sha256("a layer")}`);
    assert.equal(await layer.text(), "a layer");
    const { spec } = await platform.client.get(Applications, { namespace: "prod", name: "shop" });
    assert.deepEqual(spec.source?.image, {
      reference: `registry.jdos.internal/prod/shop@${digest}`,
      promotedFrom: { system: "test", application: "hello", release: 1 },
      request: "one",
    });
    assert.deepEqual(spec.run, { memory: "64Mi" });
  });

  it("refuses what is not there, is of another repository, is itself, and who may not read it", async () => {
    const from = (release: number) => promote({ from: { system: "test", app: "hello", release } });
    assert.match((await from(2)).body.message, /it is not of application "hello"/);
    assert.match((await from(3)).body.message, /the registry has no/);
    assert.equal((await from(9)).status, 404);
    assert.equal((await promote({ from: { app: "shop" } })).status, 422);
    const users = [{ name: "eve", groups: ["system:authenticated"], token: "token-of-eve-1234" }];
    const own = await startTestPlatform({ users });
    try {
      const headers = { authorization: "Bearer token-of-eve-1234" };
      const body = { from: { system: "test", app: "hello" } };
      assert.equal(
        (await own.call("POST", "/api/v1/systems/prod/apps/shop/promote", body, headers)).status,
        403,
      );
    } finally {
      await own.stop();
    }
  });
});
