import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  type Accepted,
  type ApiError,
  Applications,
  ConfigMaps,
  DELETE_IMAGES_ANNOTATION,
  type ImageView,
  type ListOf,
  Namespaces,
  Releases,
  Systems,
} from "@jdos/api";
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

  async function push(
    repository: string,
    layer: string,
    tags: string[] = [],
    below: string[] = [],
  ): Promise<string> {
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
      layers: [...below, layer].map((each) => of(each, "application/vnd.oci.image.layer.v1.tar")),
    });
    const put = { method: "PUT", body: manifest, headers: { "content-type": TYPE } };
    for (const name of [sha256(manifest), ...tags])
      assert.equal((await ask(repository, `/v2/${repository}/manifests/${name}`, put)).status, 201);
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
    const tags = await (await ask("prod/shop", "/v2/prod/shop/tags/list")).json();
    assert.deepEqual(tags, { name: "prod/shop", tags: [`promoted-${digest.slice(7)}`] });
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

  const images = async (path: string) => {
    const { status, body } = await platform.call("GET", `/api/v1/systems/${path}/images`);
    assert.equal(status, 200, JSON.stringify(body));
    return (body as ListOf<ImageView>).items;
  };

  it("images says what the registry keeps, how large it is, what needs it and what is missing", async () => {
    const promoted = await images("prod/apps/shop");
    assert.deepEqual(
      promoted.map(({ keep, tags, sizeBytes }) => ({ keep, tags, sizeBytes })),
      [{ keep: "current", tags: [`promoted-${digest.slice(7)}`], sizeBytes: 9 }],
    );
    const of = (await images("test/apps/hello")).map(({ digest: each, keep, neededBy, missing }) => ({
      is: each.slice(7, 11),
      keep,
      neededBy,
      missing,
    }));
    assert.deepEqual(of, [
      {
        is: digest.slice(7, 11),
        keep: "current",
        neededBy: ["release 1 is current", "release 2 can be returned to (historyLimit 10)"],
        missing: undefined,
      },
      {
        is: "0000",
        keep: "rollback",
        neededBy: ["release 3 can be returned to (historyLimit 10)"],
        missing: true,
      },
    ]);
    assert.equal((await images("test")).length, 2);
  });

  it("images shows what two images share, when one goes, and deletes only what nothing needs", async () => {
    await push("test/hello", "a layer");
    const tagged = await push("test/hello", "another layer", ["build-hello-b7", "last-build"], ["a layer"]);
    await platform.client.create(Namespaces, { metadata: { name: "jdos-system" } });
    await platform.client.create(ConfigMaps, {
      metadata: { namespace: "jdos-system", name: "image-repositories" },
      data: { "test.hello": `${tagged}=1900000000` },
    });
    const [, , free] = await images("test/apps/hello");
    assert.deepEqual(
      [free?.digest, free?.keep, free?.goesAt, free?.sizeBytes, free?.sharedBytes],
      [tagged, "none", "2030-03-17T17:46:40.000Z", 22, 7],
    );
    const remove = async (name: string) => {
      const answer = await platform.call("DELETE", `/api/v1/systems/test/apps/hello/images/${name}`);
      return { status: answer.status, body: answer.body as ApiError & ImageView };
    };
    const refused = await remove(digest);
    assert.equal(refused.status, 409);
    assert.match(refused.body.message, /^Cannot delete image sha256:[a-f0-9]{12}: release 1 is current$/);
    assert.equal((await remove("0".repeat(64))).status, 404);
    assert.equal((await remove("zz")).status, 422);
    assert.equal((await remove(tagged.slice(7, 19))).body.deleting, true);
    assert.equal((await remove(tagged)).status, 202);
    const { metadata } = await platform.client.get(Applications, { namespace: "test", name: "hello" });
    assert.equal(metadata.annotations?.[DELETE_IMAGES_ANNOTATION], tagged);
    assert.equal((await images("test/apps/hello"))[2]?.deleting, true);
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
