import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ClusterRoleBindings, Namespaces, Nodes, Pods } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import { accountKubeconfig, type StartedPart, startPart } from "@jdos/controller-runtime/testing";

const MAIN = join(import.meta.dirname, "main.ts");
const account = { namespace: "jdos-system", name: "scheduler" };

test("two schedulers beside the cluster's own: the leader is killed while it binds, the other binds the rest", async () => {
  const directory = await mkdtemp(join(tmpdir(), "jdos-scheduler-"));
  const server = await startTestServer({ https: true });
  const client = server.adminClient();
  const parts: StartedPart[] = [];
  try {
    const at = { client, url: server.url, caPem: server.caPem };
    const kubeconfig = await accountKubeconfig(at, { ...account, directory });
    await client.create(ClusterRoleBindings, {
      metadata: { name: "scheduler" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", ...account }],
    });
    await client.create(Namespaces, { metadata: { name: "work" } });
    await client.create(Nodes, { metadata: { name: "n1" } });
    const capacity = { cpu: "100", memory: "100Gi", pods: "500" };
    const body = { status: { allocatable: capacity, capacity } };
    await client.patch(Nodes, { name: "n1" }, { type: "merge", body }, { subresource: "status" });
    const begin = (): StartedPart => {
      const part = startPart(MAIN, ["--kubeconfig", kubeconfig, "--lease-seconds", "6"]);
      parts.push(part);
      return part;
    };
    const pod = (name: string, schedulerName: string) =>
      client.create(Pods, {
        metadata: { namespace: "work", name },
        spec: { schedulerName, containers: [{ name: "app", image: "app:1" }] },
      });
    const first = begin();
    await first.said("Started part");
    const second = begin();
    await second.ready();
    await pod("other", "default-scheduler");
    for (let n = 0; n < 60; n++) {
      await pod(`p${n}`, "jdos-scheduler");
      if (n === 30) first.kill("SIGKILL");
    }
    for (let tries = 0; ; tries++) {
      const { items } = await client.list(Pods, { namespace: "work" });
      const waiting = items
        .filter(({ spec }) => spec?.nodeName === undefined)
        .map(({ metadata }) => metadata.name);
      if (waiting.length === 1) {
        assert.deepEqual(waiting, ["other"], "Pods of the cluster's scheduler are left to it");
        break;
      }
      assert.ok(tries < 600, `${waiting.length} Pods have no node`);
      await sleep(50);
    }
  } finally {
    for (const part of parts) {
      part.kill("SIGKILL");
      await part.ended;
    }
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
