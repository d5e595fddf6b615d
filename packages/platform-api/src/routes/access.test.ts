import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type AccessView,
  type ApiError,
  type ApplicationView,
  Builds,
  ClusterRoles,
  Namespaces,
  RoleBindings,
  Systems,
} from "@jdos/api";
import { startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const VIEWER = "a-viewer-of-the-system";
const STRANGER = "a-stranger-to-the-system";
const app = (name: string) => `/api/v1/systems/demo/apps/${name}`;

describe("applications without a source, and who may deploy them", () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await startTestPlatform({
      users: [
        { name: "vera", groups: ["system:authenticated"], token: VIEWER },
        { name: "stan", groups: ["system:authenticated"], token: STRANGER },
      ],
    });
    const { client } = platform;
    await client.create(Namespaces, { metadata: { name: "demo" } });
    await client.create(Systems, { metadata: { name: "demo" }, spec: {} });
    await client.create(ClusterRoles, {
      metadata: { name: "viewer" },
      rules: [{ apiGroups: ["jdos.io"], resources: ["applications", "builds"], verbs: ["get", "list"] }],
    });
    await client.create(ClusterRoles, {
      metadata: { name: "systems" },
      rules: [{ apiGroups: ["jdos.io"], resources: ["systems"], verbs: ["get"] }],
    });
    const api = "rbac.authorization.k8s.io";
    const role = (name: string) => ({ apiGroup: api, kind: "ClusterRole", name });
    await client.create(RoleBindings, {
      metadata: { name: "viewers", namespace: "demo" },
      roleRef: role("viewer"),
      subjects: [{ kind: "User", name: "vera", apiGroup: api }],
    });
  });
  after(() => platform.stop());

  const access = async (name: string, token?: string): Promise<AccessView & ApiError> =>
    (
      await platform.call("GET", `${app(name)}/access`, undefined, {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      })
    ).body as never;

  it("POST application makes it without a source, once", async () => {
    const made = await platform.call("POST", app("web"), {
      replicas: 2,
      triggers: { branches: ["release/*"] },
    });
    assert.equal(made.status, 201);
    const view = made.body as ApplicationView;
    assert.deepEqual([view.state, view.spec.source, view.spec.replicas], ["Empty", undefined, 2]);
    const again = await platform.call("POST", app("web"), {});
    assert.deepEqual([again.status, (again.body as ApiError).code], [409, "AlreadyExists"]);
    const build = {
      stack: "python",
      squash: true,
      secrets: [{ name: "key", secret: { name: "s", key: "k" } }],
    };
    assert.equal((await platform.call("POST", app("built"), { build })).status, 201);
    const odd = await platform.call("POST", app("odd"), { build: { stak: "node" } });
    assert.deepEqual([odd.status, (odd.body as ApiError).field], [422, "build.stak"]);
    const bad = await platform.call("POST", app("bad"), { triggers: { path: "../x" } });
    assert.deepEqual([bad.status, (bad.body as ApiError).field], [422, "spec.triggers.path"]);
  });

  it("GET access says what the administrator, a viewer and a stranger may, and writes nothing", async () => {
    const { uid, ...admin } = await access("web");
    assert.match(uid ?? "", /^[0-9a-f-]{36}$/);
    assert.deepEqual(admin, {
      system: "demo",
      application: "web",
      exists: true,
      person: "admin",
      read: true,
      deploy: true,
      triggers: { branches: ["release/*"] },
    });
    const missing = await access("other");
    assert.deepEqual([missing.exists, missing.deploy], [false, true]);
    const viewer = await access("web", VIEWER);
    assert.deepEqual([viewer.exists, viewer.read, viewer.deploy], [true, true, false]);
    assert.match(viewer.message ?? "", /vera.*cannot create.*builds/i);
    const stranger = await access("web", STRANGER);
    assert.deepEqual([stranger.read, stranger.deploy], [false, false]);
    assert.equal((await platform.client.list(Builds, { namespace: "demo" })).items.length, 0);
  });

  it("GET access says that the system is missing", async () => {
    const answer = await platform.call("GET", "/api/v1/systems/nowhere/apps/web/access");
    assert.deepEqual([answer.status, (answer.body as ApiError).code], [404, "NotFound"]);
  });
});
