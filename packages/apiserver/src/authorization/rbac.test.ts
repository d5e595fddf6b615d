import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ClusterRoleBindings, ConfigMaps, Nodes, Pods, RoleBindings, Roles, Secrets } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { startTestServer, type TestServer } from "../testing/index.ts";

const forbidden = (pattern: RegExp) => (error: unknown) =>
  isStatus(error, "Forbidden") && pattern.test(error.message);
const namespace = "default";
let server: TestServer;
let admin: Client;

before(async () => {
  server = await startTestServer();
  admin = server.adminClient();
});
after(() => server.stop());

async function bind(user: string, role: string): Promise<void> {
  await admin.create(RoleBindings, {
    metadata: { name: `${user}-${role}`, namespace },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "User", name: user }],
  });
}

describe("RbacAuthorizer", () => {
  it("decide() refuses in the words of Kubernetes", async () => {
    const jane = server.clientFor({ name: "jane" });
    await assert.rejects(
      jane.get(Pods, { namespace, name: "web" }),
      forbidden(
        /^pods "web" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default"$/,
      ),
    );
    await assert.rejects(
      jane.list(Nodes),
      forbidden(
        /^nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope$/,
      ),
    );
  });

  it("decide() sees a binding as soon as it is acknowledged, and its end", async () => {
    const view = server.clientFor({ name: "viewer" });
    await assert.rejects(view.list(ConfigMaps, { namespace }), forbidden(/configmaps is forbidden/));
    await bind("viewer", "view");
    await view.list(ConfigMaps, { namespace });
    await assert.rejects(view.list(ConfigMaps), forbidden(/at the cluster scope/));
    await assert.rejects(view.list(Secrets, { namespace }), forbidden(/secrets is forbidden/));
    await admin.delete(RoleBindings, { namespace, name: "viewer-view" });
    await assert.rejects(view.list(ConfigMaps, { namespace }), forbidden(/configmaps is forbidden/));
  });

  it("decide() gives admin what is aggregated to edit and view", async () => {
    await bind("boss", "admin");
    const boss = server.clientFor({ name: "boss" });
    await boss.create(ConfigMaps, { metadata: { name: "b", namespace } });
    await boss.list(Pods, { namespace });
    await boss.list(Roles, { namespace });
  });

  it("decide() lets a rule with names open those objects alone, whatever was asked before", async () => {
    await admin.create(Roles, {
      metadata: { name: "one-map", namespace },
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"], resourceNames: ["open"] }],
    });
    await admin.create(RoleBindings, {
      metadata: { name: "one-map", namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "one-map" },
      subjects: [{ kind: "User", name: "narrow" }],
    });
    for (const name of ["open", "closed"]) await admin.create(ConfigMaps, { metadata: { name, namespace } });
    const narrow = server.clientFor({ name: "narrow" });
    for (let round = 0; round < 2; round++) {
      await assert.rejects(narrow.get(ConfigMaps, { namespace, name: "closed" }), forbidden(/"closed"/));
      await narrow.get(ConfigMaps, { namespace, name: "open" });
      await assert.rejects(narrow.list(ConfigMaps, { namespace }), forbidden(/configmaps is forbidden/));
    }
  });

  it("decide() knows nodes and the scheduler by their roles", async () => {
    await server.clientFor({ name: "system:node:n1", groups: ["system:nodes"] }).list(Pods);
    const scheduler = server.clientFor({ name: "system:kube-scheduler" });
    await scheduler.list(Nodes);
    await assert.rejects(scheduler.list(Secrets), forbidden(/secrets is forbidden/));
  });
});

describe("NodeAuthorizer", () => {
  it("decide() lets a node read what its Pods refer to, while they are there", async () => {
    for (const name of ["used", "other"]) await admin.create(Secrets, { metadata: { name, namespace } });
    const volumes = [{ name: "v", secret: { secretName: "used" } }];
    await admin.create(Pods, {
      metadata: { name: "p", namespace },
      spec: { nodeName: "n7", volumes, containers: [{ name: "c", image: "i" }] },
    });
    const kubelet = server.clientFor({ name: "system:node:n7", groups: ["system:nodes"] });
    await kubelet.get(Secrets, { namespace, name: "used" });
    await assert.rejects(
      kubelet.get(Secrets, { namespace, name: "other" }),
      forbidden(/no relationship found between node 'n7' and this object/),
    );
    await assert.rejects(kubelet.list(Secrets), forbidden(/secrets is forbidden/));
    const elsewhere = server.clientFor({ name: "system:node:n8", groups: ["system:nodes"] });
    await assert.rejects(elsewhere.get(Secrets, { namespace, name: "used" }), forbidden(/no relationship/));
    await admin.delete(Pods, { namespace, name: "p" }, { gracePeriodSeconds: 0 });
    await assert.rejects(kubelet.get(Secrets, { namespace, name: "used" }), forbidden(/no relationship/));
  });
});

describe("rbacEscalation()", () => {
  it("rbacEscalation() lets nobody grant what they do not have", async () => {
    await bind("climber", "admin");
    const climber = server.clientFor({ name: "climber" });
    const rules = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];
    await assert.rejects(
      climber.create(Roles, { metadata: { name: "all", namespace }, rules }),
      forbidden(/attempting to grant RBAC permissions not currently held/),
    );
    await climber.create(Roles, {
      metadata: { name: "few", namespace },
      rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }],
    });
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
    await assert.rejects(
      climber.create(RoleBindings, {
        metadata: { name: "up", namespace },
        roleRef,
        subjects: [{ kind: "User", name: "climber" }],
      }),
      forbidden(/not currently held/),
    );
    await assert.rejects(
      climber.create(ClusterRoleBindings, { metadata: { name: "up" }, roleRef, subjects: [] }),
      forbidden(/cannot create resource "clusterrolebindings"/),
    );
  });
});
