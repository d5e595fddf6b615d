import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { Pods, PriorityClasses } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { cgroupRoots } from "@jdos/component-base";
import { ensurePodCgroup } from "../cgroup/pod-cgroup.ts";
import {
  NODE_USER,
  prepareNamespace,
  startTestKubelet,
  type TestKubelet,
  testPod,
  waitForPod,
} from "../testing/cluster.ts";
import { startTestContainerd, type TestContainerd } from "../testing/containerd.ts";

describe("a Pod's bounds on the node", () => {
  let server: TestServer;
  let client: Client;
  let containerd: TestContainerd;
  let kubelet: TestKubelet;

  before(async () => {
    [server, containerd] = await Promise.all([startTestServer(), startTestContainerd()]);
    client = server.adminClient();
    await prepareNamespace(client, "default");
    const options = { storageCheckSeconds: 1, podPidsLimit: 77 };
    kubelet = await startTestKubelet(server.clientFor(NODE_USER), containerd, options);
  });
  after(async () => {
    await kubelet?.stop();
    await containerd?.stop();
    await server?.stop();
  });

  it("a Pod that writes more to an emptyDir than its sizeLimit is evicted; one that keeps to it is not", async () => {
    const spec = (name: string, mebibytes: number) =>
      testPod({
        name,
        script: `dd if=/dev/zero of=/work/file bs=1048576 count=${mebibytes} && sleep 1000`,
        container: { volumeMounts: [{ name: "work", mountPath: "/work" }] },
        spec: { restartPolicy: "Never", volumes: [{ name: "work", emptyDir: { sizeLimit: "8Mi" } }] },
      });
    await client.create(Pods, spec("modest", 6));
    await client.create(Pods, spec("greedy", 16));
    const found = await waitForPod(client, { name: "greedy" }, (pod) => pod?.status?.phase === "Failed");
    assert.equal(found?.status?.reason, "Evicted");
    assert.equal(found?.status?.message, 'Usage of EmptyDir volume "work" exceeds the limit "8Mi". ');
    assert.equal((await client.get(Pods, { namespace: "default", name: "modest" })).status?.phase, "Running");
  });

  it("a Pod of a priority below zero gives way to the others at once, and its cgroup is made as often as asked", async () => {
    const files = cgroupRoots().map((root) => `${root}/cpu.idle`);
    await client.create(PriorityClasses, { metadata: { name: "behind" }, value: -5 });
    await client.create(Pods, testPod({ name: "behind", spec: { priorityClassName: "behind" } }));
    const pod = await waitForPod(client, { name: "behind" }, (item) => item?.status?.phase === "Running");
    const own = `${containerd.cgroupParent}/besteffort/pod${pod?.metadata.uid}`;
    const [idle] = files.map((file) => file.replace("/cpu.idle", `${own}/cpu.idle`)).filter(existsSync);
    if (idle !== undefined) assert.equal(readFileSync(idle, "utf8").trim(), "1");
    await ensurePodCgroup({ parent: containerd.cgroupParent, pidsLimit: 77 }, pod as never);
  });

  it("a Pod has no more processes than the node allows one", async () => {
    await client.create(Pods, testPod({ name: "counted" }));
    const pod = await waitForPod(client, { name: "counted" }, (item) => item?.status?.phase === "Running");
    const root = cgroupRoots().find((path) => path.endsWith("/pids")) ?? "/sys/fs/cgroup";
    const path = `${root}${containerd.cgroupParent}/besteffort/pod${pod?.metadata.uid}/pids.max`;
    assert.equal(readFileSync(path, "utf8").trim(), "77");
  });
});
