import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { after, before, describe, it } from "node:test";
import { Pods, PriorityClasses } from "@jdos/api";
import type { Client } from "@jdos/client";
import { behindCgroup, cgroupProcesses, cgroupRoots, isCgroup2 } from "@jdos/component-base";
import { ensurePodCgroup } from "../cgroup/pod-cgroup.ts";
import { cpuWeight } from "../container/resources.ts";
import { testPod, waitForPod } from "../testing/cluster.ts";
import { TestNode } from "../testing/test-node.ts";

describe("a Pod's bounds on the node", () => {
  let node: TestNode;
  let client: Client;

  before(async () => {
    const options = { storageCheckSeconds: 1, podPidsLimit: 77 };
    node = await TestNode.start(options);
    client = node.client;
  });
  after(() => node?.stop());

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

  it("a Pod of a priority below zero is beside the others, behind all of the machine", async () => {
    const roots = cgroupRoots();
    await client.create(PriorityClasses, { metadata: { name: "behind" }, value: -5 });
    await client.create(Pods, testPod({ name: "behind", spec: { priorityClassName: "behind" } }));
    const pod = await waitForPod(client, { name: "behind" }, (item) => item?.status?.phase === "Running");
    const above = behindCgroup(node.containerd.cgroupParent);
    const own = cgroupProcesses(`${above}/pod${pod?.metadata.uid}`);
    assert.ok(own.length > 0, "its containers are there");
    await ensurePodCgroup({ parent: node.containerd.cgroupParent, pidsLimit: 77 }, pod as never);
    await client.delete(Pods, { namespace: "default", name: "behind" }, { gracePeriodSeconds: 0 });
    const left = () => roots.filter((root) => existsSync(`${root}${above}/pod${pod?.metadata.uid}`));
    for (const end = Date.now() + 20_000; left().length > 0 && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(left(), []);
  });

  it("all Pods together weigh as the node's cores, those that request nothing least, those behind as a quarter", () => {
    const weights = (path: string) =>
      cgroupRoots()
        .flatMap((root) => [`${root}${path}/cpu.shares`, `${root}${path}/cpu.weight`])
        .filter(existsSync)
        .map((file) => Number(readFileSync(file, "utf8")));
    const cores = availableParallelism() * 1024;
    const weight = isCgroup2() ? cpuWeight : (shares: number) => shares;
    const { cgroupParent } = node.containerd;
    assert.deepEqual(weights(cgroupParent), [weight(cores)]);
    assert.deepEqual(weights(`${cgroupParent}/besteffort`), [weight(2)]);
    assert.deepEqual(weights(behindCgroup(cgroupParent)), [weight(Math.floor(cores / 4))]);
  });

  it("a Pod has no more processes than the node allows one", async () => {
    await client.create(Pods, testPod({ name: "counted" }));
    const pod = await waitForPod(client, { name: "counted" }, (item) => item?.status?.phase === "Running");
    const root = cgroupRoots().find((path) => path.endsWith("/pids")) ?? "/sys/fs/cgroup";
    const path = `${root}${node.containerd.cgroupParent}/besteffort/pod${pod?.metadata.uid}/pids.max`;
    assert.equal(readFileSync(path, "utf8").trim(), "77");
  });
});
