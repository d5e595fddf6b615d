import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ApiError,
  Applications,
  type ApplicationView,
  ClusterRoleBindings,
  ClusterRoles,
  type ListOf,
  Namespaces,
  RoleBindings,
  Systems,
  type SystemView,
} from "@jdos/api";
import { startTestPlatform, type TestPlatform } from "../testing/start-test-platform.ts";

const source = { image: { reference: "registry.example.org/web:1" } };
const person = (name: string) => [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }];
const roleRef = (name: string) => ({ apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name });

describe("what a member of one system sees", () => {
  let platform: TestPlatform;
  before(async () => {
    const users = ["ada", "eve"].map((name) => ({ name, token: `the-token-of-${name}` }));
    platform = await startTestPlatform({ users });
    const { client } = platform;
    const roles: [string, string[], string[]][] = [
      ["viewer", ["applications"], ["get", "list"]],
      ["person", ["systems"], ["get", "list"]],
    ];
    for (const [name, resources, verbs] of roles)
      await client.create(ClusterRoles, {
        metadata: { name },
        rules: [{ apiGroups: ["jdos.io"], resources, verbs }],
      });
    await client.create(ClusterRoleBindings, {
      metadata: { name: "ada" },
      roleRef: roleRef("person"),
      subjects: person("ada"),
    });
    for (const namespace of ["alpha", "beta"]) {
      await client.create(Namespaces, { metadata: { name: namespace } });
      await client.create(Systems, { metadata: { name: namespace }, spec: {} });
      await client.create(Applications, { metadata: { namespace, name: "web" }, spec: { source } } as never);
    }
    for (const name of ["ada", "eve"])
      await client.create(RoleBindings, {
        metadata: { namespace: "beta", name },
        roleRef: roleRef("viewer"),
        subjects: person(name),
      });
  });
  after(() => platform.stop());

  async function ask<T>(name: string, path: string): Promise<T> {
    const headers = { authorization: `Bearer the-token-of-${name}` };
    const response = await fetch(`${platform.url}/api/v1${path}`, { headers });
    return { httpStatus: response.status, ...((await response.json()) as object) } as T;
  }

  it("visibleApplications() are those of the systems that open theirs to the person", async () => {
    const { items } = await ask<ListOf<ApplicationView>>("ada", "/apps");
    assert.deepEqual(
      items.map(({ system, name }) => [system, name]),
      [["beta", "web"]],
    );
    const systems = await ask<ListOf<SystemView>>("ada", "/systems");
    assert.deepEqual(
      systems.items.map(({ name, applications }) => [name, applications]),
      [
        ["alpha", 0],
        ["beta", 1],
      ],
    );
    assert.equal((await ask<{ applications: number }>("ada", "/status")).applications, 1);
  });

  it("visibleSystems() tells who may not see them to name one", async () => {
    for (const path of ["/apps", "/systems", "/status"]) {
      const refusal = await ask<ApiError & { httpStatus: number }>("eve", path);
      assert.deepEqual([refusal.httpStatus, refusal.code], [403, "Forbidden"], path);
      assert.match(refusal.hint ?? "", /jdos app list --system NAME/);
    }
    const { items } = await ask<ListOf<ApplicationView>>("eve", "/systems/beta/apps");
    assert.deepEqual(
      items.map(({ name }) => name),
      ["web"],
    );
  });
});
