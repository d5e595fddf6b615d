import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  Applications,
  Namespaces,
  PREVIEW_CHANGED_ANNOTATION,
  PREVIEW_OF_LABEL,
  type PreviewView,
  PULL_REQUEST_LABEL,
  REDELIVER_ANNOTATION,
  Systems,
  type WebhookSecretView,
  Webhooks,
  type WebhookView,
} from "@jdos/api";
import { webhookSecret } from "@jdos/api/webhook-secret";
import { startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const APP = "/api/v1/systems/demo/apps/shop";

describe("hookRoutes()", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({
      webhookMasterKey: "key",
      gitUrl: "http://git.jdos.localhost:8080",
      users: [{ name: "vera", groups: [], token: "a-person-without-any-rights" }],
    });
    const { client } = platform;
    await client.create(Namespaces, { metadata: { name: "demo" } });
    await client.create(Systems, { metadata: { name: "demo" }, spec: {} });
    for (const name of ["shop", "other"])
      await client.create(Applications, {
        metadata: { namespace: "demo", name },
        spec: { source: { git: { url: "https://git.example.org/a/shop.git" } } },
      });
  });
  after(() => platform.stop());

  const hook = () => platform.client.get(Webhooks, { namespace: "demo", name: "shop" });

  it("POST hooks makes one and shows its secret, which GET never does", async () => {
    const { status, body } = await platform.call("POST", `${APP}/hooks`, {
      forge: "github",
      triggers: { branches: ["release/*"], previews: {} },
    });
    const made = body as WebhookSecretView;
    assert.equal(status, 201);
    const { metadata } = await hook();
    const secret = webhookSecret("key", { uid: metadata.uid });
    assert.deepEqual(
      [made.name, made.secret, made.signingToken, made.url, made.contentType, made.events],
      [
        "shop",
        secret,
        `whsec_${Buffer.from(secret).toString("base64")}`,
        "http://git.jdos.localhost:8080/hooks/demo/shop",
        "application/json",
        ["Pushes", "Pull requests"],
      ],
    );
    assert.equal(metadata.ownerReferences?.[0]?.name, "shop");
    const shop = await platform.client.get(Applications, { namespace: "demo", name: "shop" });
    assert.deepEqual(shop.spec.triggers, { branches: ["release/*"], previews: {} });
    for (const path of ["hooks", "hooks/shop"]) {
      const shown = await platform.call("GET", `${APP}/${path}`);
      assert.equal(JSON.stringify(shown.body).includes(secret), false);
    }
    const again = await platform.call("POST", `${APP}/hooks`, { forge: "gitlab" });
    assert.equal(again.status, 409);
    assert.equal((await platform.call("POST", `${APP}/hooks`, { forge: "svn" })).status, 422);
  });

  it("POST rotate makes another secret of the next version", async () => {
    const { body } = await platform.call("POST", `${APP}/hooks/shop/rotate`);
    const rotated = body as WebhookSecretView;
    const { metadata, spec } = await hook();
    assert.equal(spec.secretVersion, 2);
    assert.equal(rotated.secret, webhookSecret("key", { uid: metadata.uid, secretVersion: 2 }));
  });

  it("POST redeliver asks for it by annotation, each time anew", async () => {
    const { status } = await platform.call("POST", `${APP}/hooks/shop/redeliver`, { delivery: "abc-1" });
    assert.equal(status, 202);
    assert.match((await hook()).metadata.annotations?.[REDELIVER_ANNOTATION] ?? "", /^abc-1 \d{4}-/);
    assert.equal(
      (await platform.call("POST", `${APP}/hooks/shop/redeliver`, { delivery: "a b" })).status,
      422,
    );
  });

  it("hooks are those of their application, and of who may manage them", async () => {
    const other = "/api/v1/systems/demo/apps/other";
    assert.equal((await platform.call("GET", `${other}/hooks/shop`)).status, 404);
    assert.equal((await platform.call("DELETE", `${other}/hooks/shop`)).status, 404);
    assert.deepEqual((await platform.call("GET", `${other}/hooks`)).body, { items: [] });
    const headers = { authorization: "Bearer a-person-without-any-rights" };
    for (const [method, path] of [
      ["GET", "hooks"],
      ["POST", "hooks/shop/rotate"],
      ["DELETE", "hooks/shop"],
      ["DELETE", "previews/1"],
    ] as const)
      assert.equal((await platform.call(method, `${APP}/${path}`, undefined, headers)).status, 403, path);
    const { body } = await platform.call("DELETE", `${APP}/hooks/shop`);
    assert.equal((body as WebhookView).name, "shop");
    assert.equal((await platform.call("GET", `${APP}/hooks/shop`)).status, 404);
  });

  it("previews are listed with their end, and deleted by number", async () => {
    const changed = "2026-11-28T20:00:00.000Z";
    await platform.client.create(Applications, {
      metadata: {
        namespace: "demo",
        name: "shop-pr-7",
        labels: { [PREVIEW_OF_LABEL]: "shop", [PULL_REQUEST_LABEL]: "7" },
        annotations: { [PREVIEW_CHANGED_ANNOTATION]: changed },
      },
      spec: { source: { git: { url: "https://git.example.org/a/shop.git", revision: "abc" } } },
    });
    const { body } = await platform.call("GET", `${APP}/previews`);
    const [preview] = (body as { items: PreviewView[] }).items;
    assert.deepEqual(
      [preview?.pullRequest, preview?.revision, preview?.changedAt, preview?.expiresAt, preview?.url],
      [7, "abc", changed, "2026-12-05T20:00:00.000Z", "http://shop-pr-7.demo.jdos.localhost:8080"],
    );
    assert.equal((await platform.call("DELETE", `${APP}/previews/8`)).status, 404);
    assert.equal((await platform.call("DELETE", `${APP}/previews/7`)).status, 202);
    assert.deepEqual((await platform.call("GET", `${APP}/previews`)).body, { items: [] });
  });
});

describe("hookRoutes() without a git server", () => {
  it("refuses in words to make a secret", async () => {
    const platform = await startTestPlatform();
    try {
      const { status, body } = await platform.call("POST", `${APP}/hooks`, { forge: "github" });
      assert.equal(status, 503);
      assert.match((body as { message: string }).message, /no git server/);
    } finally {
      await platform.stop();
    }
  });
});
