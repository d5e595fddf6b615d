import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ApiError,
  Applications,
  Builds,
  ClusterRoleBindings,
  ClusterRoles,
  type FreezeView,
  type ListOf,
  Namespaces,
  type NoticeView,
  type ReleaseDiff,
  type ReleaseSpec,
  Releases,
  Secrets,
  type SecretView,
  Systems,
} from "@jdos/api";
import { forcedBy } from "@jdos/api/change-author";
import { startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const APP = "/api/v1/systems/demo/apps/hello";
const image = (digit: string): string => `registry.jdos.internal/demo/hello@sha256:${digit.repeat(64)}`;
const ANN = { authorization: "Bearer token-of-ann-1234567" };

describe("releases, secrets and settings of systems", () => {
  let platform: TestPlatform;
  before(async () => {
    const users = [{ name: "ann", groups: ["system:authenticated"], token: "token-of-ann-1234567" }];
    platform = await startTestPlatform({ users });
    const { client } = platform;
    await client.create(Namespaces, { metadata: { name: "demo" } });
    await client.create(Systems, { metadata: { name: "demo" }, spec: {} });
    // As a developer has it: everything of applications, and to read releases.
    await client.create(ClusterRoles, {
      metadata: { name: "developer" },
      rules: [
        { apiGroups: ["jdos.io"], resources: ["applications", "builds"], verbs: ["*"] },
        { apiGroups: ["jdos.io"], resources: ["releases", "systems"], verbs: ["get", "list"] },
      ],
    });
    await client.create(ClusterRoleBindings, {
      metadata: { name: "developer" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "developer" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "ann" }],
    });
    await client.create(Applications, {
      metadata: { namespace: "demo", name: "hello" },
      spec: { release: 3 },
    });
    await release(1, { run: {} });
    await release(2, {
      image: image("b"),
      run: {
        env: [
          { name: "COLOUR", value: "red" },
          { name: "PASSWORD", secret: { name: "db", key: "password" } },
        ],
        memory: "64Mi",
        health: { path: "/" },
        ports: [{ port: 8080 }],
      },
    });
    await release(3, {
      image: image("b"),
      run: {
        env: [
          { name: "COLOUR", value: "green" },
          { name: "PASSWORD", secret: { name: "db", key: "other" } },
        ],
        command: ["node", "main.js"],
        memory: "64Mi",
        health: { path: "/health" },
        ports: [{ port: 8080 }],
      },
      routes: [{ host: "shop.example.org" }],
    });
  });
  after(() => platform.stop());

  async function release(number: number, spec: Partial<ReleaseSpec>): Promise<void> {
    await platform.client.create(Releases, {
      metadata: { namespace: "demo", name: `hello-v${number}` },
      spec: { application: "hello", number, image: image("a"), run: {}, hash: "0".repeat(64), ...spec },
    });
  }
  const call = async <T>(method: string, path: string, body?: unknown, headers = {}) => {
    const answer = await platform.call(method, path, body, headers);
    return { status: answer.status, body: answer.body as T & ApiError };
  };

  it("releases/diff says what two releases differ in, by default the current one and the one before", async () => {
    const { body } = await call<ReleaseDiff>("GET", `${APP}/releases/diff`);
    assert.deepEqual(body, {
      ...{ system: "demo", application: "hello", from: 2, to: 3 },
      changes: [
        { path: "env.COLOUR", from: "red", to: "green" },
        { path: "env.PASSWORD", from: "(secret db/password)", to: "(secret db/other)" },
        { path: "health.path", from: "/", to: "/health" },
        { path: "command", to: '["node","main.js"]' },
        { path: "routes[0]", to: "shop.example.org/" },
      ],
    });
    const other = (await call<ReleaseDiff>("GET", `${APP}/releases/diff?from=3&to=1`)).body;
    assert.deepEqual(other.changes[0], { path: "image", from: image("b"), to: image("a") });
    assert.equal((await call("GET", `${APP}/releases/diff?to=9`)).status, 404);
    assert.match((await call("GET", `${APP}/releases/diff?to=1`)).body.message, /there are not two of them/);
    assert.equal((await call("GET", `${APP}/releases/diff?to=x`)).status, 422);
  });

  it("secrets keep values to themselves, and refuse Secrets of others and keys that are used", async () => {
    const path = "/api/v1/systems/demo/secrets";
    const value = Buffer.from("swordfish").toString("base64");
    const put = await call<SecretView>("PUT", `${path}/db`, { set: { password: value, user: value } });
    assert.deepEqual([put.status, put.body.keys], [200, ["password", "user"]]);
    await call("PUT", `${path}/db`, { set: { host: value }, unset: ["user"] });
    await platform.client.create(Secrets, { metadata: { namespace: "demo", name: "foreign" } });
    const list = (await call<ListOf<SecretView>>("GET", path)).body;
    assert.deepEqual(
      list.items.map(({ name, keys }) => [name, keys]),
      [["db", ["host", "password"]]],
    );
    assert.doesNotMatch(JSON.stringify([put.body, list]), new RegExp(`${value}|swordfish`));
    assert.equal((await call("PUT", `${path}/foreign`, { set: {} })).status, 409);
    assert.equal((await call("DELETE", `${path}/foreign`)).status, 409);
    assert.equal((await call("PUT", `${path}/db`, { set: { "a/b": value } })).status, 422);
    assert.equal((await call("PUT", `${path}/db`, { set: { a: "not base64!" } })).status, 422);
    assert.equal((await call("GET", path, undefined, ANN)).status, 403);

    const missing = await call("PATCH", `${APP}/env`, { secrets: { P: { name: "db", key: "none" } } });
    assert.deepEqual([missing.status, missing.body.code], [422, "Invalid"]);
    assert.match(missing.body.hint ?? "", /jdos secrets set db none=VALUE --system demo/);
    const set = await call("PATCH", `${APP}/env`, { secrets: { P: { name: "db", key: "password" } } });
    assert.equal(set.status, 202);
    const used = await call("DELETE", `${path}/db`);
    assert.match(used.body.message, /application "hello" takes variables from it/);
    await call("PATCH", `${APP}/env`, { unset: ["P"] });
    assert.equal((await call("DELETE", `${path}/db`)).status, 202);
    assert.equal((await call("DELETE", `${path}/db`)).status, 404);
  });

  it("a freeze refuses changes with Frozen, owners force them, others may not", async () => {
    const path = "/api/v1/systems/demo/freezes";
    const to = new Date(Date.now() + 600_000).toISOString();
    assert.equal((await call("POST", path, { name: "x", from: to })).status, 422);
    const window = { name: "peak", from: "2020-01-01T00:00:00Z", to, reason: "busy" };
    assert.equal((await call<FreezeView>("POST", path, window)).body.until, to);
    assert.equal((await call("POST", path, window)).status, 422);
    assert.equal((await call("POST", path, { ...window, name: "mine" }, ANN)).status, 403);
    const source = { image: { reference: "example.org/a" } };
    for (const [method, at, body] of [
      ["POST", "deploy", { source }],
      ["POST", "rollback", { release: 1 }],
      ["PATCH", "env", { set: { A: "1" } }],
    ] as const) {
      const frozen = await call(method, `${APP}/${at}`, body, ANN);
      assert.deepEqual([frozen.status, frozen.body.code], [409, "Frozen"], at);
      assert.match(frozen.body.message, /system "demo" is frozen until .*: busy/);
      assert.match(frozen.body.hint ?? "", /--force/);
      const forced = await call(method, `${APP}/${at}`, { ...body, force: true }, ANN);
      assert.equal(forced.status, 403, at);
      assert.match(forced.body.message, /"ann" is not its owner/);
    }
    assert.equal((await call("POST", `${APP}/rollback`, { release: 1, force: true })).status, 202);
    const application = await platform.client.get(Applications, { namespace: "demo", name: "hello" });
    assert.deepEqual([application.spec.rollbackTo, forcedBy(application as never)], [1, "admin"]);
    const bundle = { digest: `sha256:${"a".repeat(64)}` };
    await call("POST", `${APP}/deploy`, { source: { bundle }, force: true });
    const build = await platform.client.get(Builds, { namespace: "demo", name: "hello-b1" });
    assert.equal(build.metadata.annotations?.["jdos.io/forced-by"], "admin");
    assert.equal((await call("DELETE", `${path}/peak`)).status, 202);
    assert.equal((await call("DELETE", `${path}/peak`)).status, 404);
    assert.deepEqual((await call<ListOf<FreezeView>>("GET", path)).body.items, []);
  });

  it("notices tell no address behind its host, and need one", async () => {
    const path = "/api/v1/systems/demo/notices";
    const url = "https://hooks.example.org/services/SECRET";
    assert.equal((await call("POST", path, { name: "chat" })).status, 422);
    assert.equal((await call("POST", path, { name: "chat", url: "file:///etc/passwd" })).status, 422);
    const made = await call<NoticeView>("POST", path, { name: "chat", url, events: ["build.failed"] });
    assert.equal(made.status, 201);
    const list = await call<ListOf<NoticeView>>("GET", path);
    assert.deepEqual(list.body.items, [
      { name: "chat", events: ["build.failed"], address: "https://hooks.example.org" },
    ]);
    assert.equal((await call("DELETE", `${path}/chat`)).status, 202);
  });
});
