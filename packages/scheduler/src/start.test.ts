import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Events, Namespaces, Nodes, type Pod, Pods, PriorityClasses } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client, Stored } from "@jdos/client";
import { createLogger, type Running } from "@jdos/component-base";
import { start } from "./start.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let scheduler: Running;
let client: Client;

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
  await client.create(Namespaces, { metadata: { name: "work" } });
  const log = createLogger({ name: "scheduler", level: "error" });
  scheduler = await start({ client: server.clientFor({ name: "system:kube-scheduler" }), log });
});

after(async () => {
  await scheduler?.stop();
  await server?.stop();
});

async function addNode(name: string, cpu: string): Promise<void> {
  await client.create(Nodes, { metadata: { name } });
  const status = {
    allocatable: { cpu, memory: "4Gi", pods: "110" },
    capacity: { cpu, memory: "4Gi", pods: "110" },
  };
  await client.patch(Nodes, { name }, { type: "merge", body: { status } }, { subresource: "status" });
}

function createPod(name: string, cpu: string): Promise<Stored<Pod>> {
  const container = { name: "app", image: "app:1", resources: { requests: { cpu } } };
  return client.create(Pods, { metadata: { name, namespace: "work" }, spec: { containers: [container] } });
}

async function waitForPod(name: string, done: (pod: Stored<Pod>) => boolean): Promise<Stored<Pod>> {
  const watch = await client.watch(Pods, { namespace: "work", signal: AbortSignal.timeout(60_000) });
  for await (const event of watch) {
    if (event.type !== "BOOKMARK" && event.object.metadata.name === name && done(event.object))
      return event.object;
  }
  throw new Error(`Pod "${name}" did not get there`);
}

test("start() binds a Pod when a node appears, and says before why it waits", async () => {
  await createPod("first", "500m");
  const waiting = await waitForPod(
    "first",
    (pod) => findCondition(pod.status?.conditions, "PodScheduled")?.status === "False",
  );
  const condition = findCondition(waiting.status?.conditions, "PodScheduled");
  assert.equal(condition?.reason, "Unschedulable");
  assert.equal(condition?.message, "no nodes available to schedule pods");
  await addNode("small", "1");
  const bound = await waitForPod("first", (pod) => pod.spec?.nodeName !== undefined);
  assert.equal(bound.spec?.nodeName, "small");
  assert.equal(findCondition(bound.status?.conditions, "PodScheduled")?.status, "True");
});

test("start() leaves a Pod that does not fit until room is made", async () => {
  await createPod("second", "800m");
  const waiting = await waitForPod(
    "second",
    (pod) => findCondition(pod.status?.conditions, "PodScheduled")?.status === "False",
  );
  assert.equal(
    findCondition(waiting.status?.conditions, "PodScheduled")?.message,
    "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
  );
  const { items } = await client.list(Events, { namespace: "work" });
  assert.ok(items.some(({ reason }) => reason === "FailedScheduling"));
  await client.delete(Pods, { namespace: "work", name: "first" }, { gracePeriodSeconds: 0 });
  assert.equal(
    (await waitForPod("second", (pod) => pod.spec?.nodeName !== undefined)).spec?.nodeName,
    "small",
  );
});

test("start() makes the least important Pods leave for a more important one, and gives it their place", async () => {
  await client.delete(Pods, { namespace: "work", name: "second" }, { gracePeriodSeconds: 0 });
  for (const [name, value] of [
    ["low", 10],
    ["middle", 20],
    ["high", 1000],
  ] as const) {
    await client.create(PriorityClasses, { metadata: { name }, value });
  }
  const create = (name: string, priorityClassName: string, cpu: string) => {
    const containers = [{ name: "app", image: "app:1", resources: { requests: { cpu } } }];
    return client.create(Pods, {
      metadata: { name, namespace: "work" },
      spec: { priorityClassName, containers },
    });
  };
  await create("least", "low", "400m");
  await create("lesser", "middle", "400m");
  for (const name of ["least", "lesser"]) await waitForPod(name, (pod) => pod.spec?.nodeName === "small");
  await create("important", "high", "500m");
  const waiting = await waitForPod("important", (pod) => pod.status?.nominatedNodeName === "small");
  assert.match(
    findCondition(waiting.status?.conditions, "PodScheduled")?.message ?? "",
    /1 Insufficient cpu/,
  );
  const victim = await waitForPod("least", (pod) => pod.metadata.deletionTimestamp !== undefined);
  assert.equal(
    (await client.get(Pods, { namespace: "work", name: "lesser" })).metadata.deletionTimestamp,
    undefined,
  );
  await create("late", "low", "400m");
  await client.delete(Pods, { namespace: "work", name: "least" }, { gracePeriodSeconds: 0 });
  await waitForPod("important", (pod) => pod.spec?.nodeName === "small");
  assert.equal((await client.get(Pods, { namespace: "work", name: "late" })).spec?.nodeName, undefined);
  const { items } = await client.list(Events, {
    namespace: "work",
    fieldSelector: `involvedObject.uid=${victim.metadata.uid}`,
  });
  const preempted = items.find(({ reason }) => reason === "Preempted");
  assert.equal(preempted?.message, `Preempted by pod ${waiting.metadata.uid} on node small`);
});
