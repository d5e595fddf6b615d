import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { LimitRanges, Namespaces, ResourceQuotas, RoleBindings, type System, Systems } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { startTestPlatform, type TestPlatform } from "../testing/index.ts";

let platform: TestPlatform;

before(async () => {
  platform = await startTestPlatform();
});

after(() => platform.stop());

const reason = (system: Stored<System>) => findCondition(system.status?.conditions, "Ready")?.reason;

test("a System owns a Namespace with its quota, its limits and a RoleBinding a role", async () => {
  await platform.client.create(Systems, {
    metadata: { name: "shop" },
    spec: {
      quota: { cpu: "2000m", memory: "4Gi", pods: 20 },
      members: [
        { name: "ada", role: "owner" },
        { name: "team", kind: "Group", role: "developer" },
      ],
    },
  });
  const system = await platform.until(Systems, { name: "shop" }, (each) => reason(each) === "Ready");
  const namespace = await platform.client.get(Namespaces, { name: "shop" });
  assert.equal(namespace.metadata.ownerReferences?.[0]?.uid, system.metadata.uid);
  const quota = await platform.client.get(ResourceQuotas, { namespace: "shop", name: "jdos-system" });
  assert.deepEqual(quota.spec?.hard, { "requests.cpu": "2", "requests.memory": "4Gi", pods: "20" });
  await platform.client.get(LimitRanges, { namespace: "shop", name: "jdos-system" });
  const admins = await platform.client.get(RoleBindings, { namespace: "shop", name: "jdos-administrators" });
  assert.deepEqual([admins.roleRef.name, admins.subjects?.[0]?.name], ["jdos-system-owner", "jdos:admins"]);
  const owner = await platform.client.get(RoleBindings, { namespace: "shop", name: "jdos-system-owner" });
  assert.deepEqual(
    owner.subjects?.map(({ kind, name }) => [kind, name]),
    [["User", "ada"]],
  );
});

test("members and quota that are taken away are gone", async () => {
  await platform.client.create(Systems, {
    metadata: { name: "shrinking" },
    spec: { quota: { pods: 1 }, members: [{ name: "ada", role: "viewer" }] },
  });
  await platform.until(Systems, { name: "shrinking" }, (each) => reason(each) === "Ready");
  await platform.client.patch(
    Systems,
    { name: "shrinking" },
    { type: "merge", body: { spec: { quota: null, members: [] } } },
  );
  await platform.untilGone(RoleBindings, { namespace: "shrinking", name: "jdos-system-viewer" });
  await platform.untilGone(ResourceQuotas, { namespace: "shrinking", name: "jdos-system" });
});

for (const name of ["default", "kube-thing", "jdos-thing", "jdos"]) {
  test(`the name ${name} is refused with a sentence`, async () => {
    await platform.client.create(Systems, { metadata: { name }, spec: {} });
    const system = await platform.until(Systems, { name }, (each) => reason(each) === "InvalidName");
    assert.match(findCondition(system.status?.conditions, "Ready")?.message ?? "", /cannot be used/);
    assert.equal(system.status?.namespace, undefined);
  });
}

test("a Namespace that exists and is not ours is refused and left alone", async () => {
  await platform.client.create(Namespaces, { metadata: { name: "theirs" } });
  await platform.client.create(Systems, { metadata: { name: "theirs" }, spec: {} });
  await platform.until(Systems, { name: "theirs" }, (each) => reason(each) === "NamespaceTaken");
  await platform.client.delete(Systems, { name: "theirs" });
  await platform.untilGone(Systems, { name: "theirs" });
  const namespace = await platform.client.get(Namespaces, { name: "theirs" });
  assert.equal(namespace.metadata.deletionTimestamp, undefined);
});

test("deleting a System deletes its Namespace and waits until that is gone", async () => {
  await platform.client.create(Systems, { metadata: { name: "leaving" }, spec: {} });
  await platform.until(Systems, { name: "leaving" }, (each) => reason(each) === "Ready");
  await platform.client.delete(Systems, { name: "leaving" });
  await platform.until(Systems, { name: "leaving" }, (each) => reason(each) === "Deleting");
  const namespace = await platform.until(
    Namespaces,
    { name: "leaving" },
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  // As the Namespace controller does when nothing is left in it.
  await platform.client.raw({
    method: "PUT",
    path: "/api/v1/namespaces/leaving/finalize",
    body: { ...namespace, spec: { finalizers: [] } },
  });
  await platform.untilGone(Namespaces, { name: "leaving" });
  await platform.untilGone(Systems, { name: "leaving" });
});
