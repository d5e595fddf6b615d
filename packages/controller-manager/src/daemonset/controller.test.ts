import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ControllerRevisions, type DaemonSet, DaemonSets, Nodes, Pods } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { systemClock } from "@jdos/component-base";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { daemonSetController } from "./controller.ts";
import { targetNode } from "./daemon-pod.ts";

const namespace = "demo";

describe("daemonSetController", () => {
  let cluster: TestCluster;
  let client: Client;
  before(async () => {
    cluster = await startTestCluster({
      controllers: [daemonSetController({ clock: systemClock })],
      namespaces: [namespace],
    });
    client = cluster.client;
    for (const name of ["n1", "n2", "n3"])
      await client.create(Nodes, { metadata: { name, labels: { disk: name === "n3" ? "hdd" : "ssd" } } });
  });
  after(() => cluster.stop());

  const create = (name: string, spec: Partial<NonNullable<DaemonSet["spec"]>> = {}, podSpec = {}) => {
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "v1" }], ...podSpec } };
    return client.create(DaemonSets, {
      metadata: { namespace, name },
      spec: { selector: { matchLabels: labels }, template, ...spec },
    });
  };
  const until = (name: string, done: (set: Stored<DaemonSet>) => boolean) =>
    cluster.until(DaemonSets, { namespace, name }, done);
  const placesOf = async (name: string) =>
    (await client.list(Pods, { namespace, labelSelector: `app=${name}` })).items.map(targetNode).sort();

  it("daemonSetController() puts one Pod on each node, and on nodes that join", async () => {
    await create("agent");
    const found = await until("agent", ({ status }) => status?.numberAvailable === 3);
    assert.deepEqual(found.status, {
      currentNumberScheduled: 3,
      numberMisscheduled: 0,
      desiredNumberScheduled: 3,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    });
    assert.deepEqual(await placesOf("agent"), ["n1", "n2", "n3"]);
    await client.create(Nodes, { metadata: { name: "n4", labels: { disk: "hdd" } } });
    await until("agent", ({ status }) => status?.numberAvailable === 4);
    assert.deepEqual(await placesOf("agent"), ["n1", "n2", "n3", "n4"]);
    await client.delete(Nodes, { name: "n4" });
    await until("agent", ({ status }) => status?.desiredNumberScheduled === 3);
  });

  it("daemonSetController() keeps to the nodes selected, and leaves one that is not any more", async () => {
    await create("local", {}, { nodeSelector: { disk: "ssd" } });
    await until("local", ({ status }) => status?.numberAvailable === 2);
    assert.deepEqual(await placesOf("local"), ["n1", "n2"]);
    await client.patch(
      Nodes,
      { name: "n1" },
      { type: "merge", body: { metadata: { labels: { disk: "hdd" } } } },
    );
    await until(
      "local",
      ({ status }) => status?.desiredNumberScheduled === 1 && status.numberMisscheduled === 0,
    );
    await cluster.untilList(Pods, { namespace, labelSelector: "app=local" }, (pods) => pods.length === 1);
    assert.deepEqual(await placesOf("local"), ["n2"]);
    await client.patch(
      Nodes,
      { name: "n1" },
      { type: "merge", body: { metadata: { labels: { disk: "ssd" } } } },
    );
  });

  it("daemonSetController() comes to a tainted node only when it tolerates that", async () => {
    const taints = [{ key: "dedicated", value: "db", effect: "NoSchedule" }];
    await client.patch(Nodes, { name: "n2" }, { type: "merge", body: { spec: { taints } } });
    await create("shy");
    await create("bold", {}, { tolerations: [{ key: "dedicated", operator: "Exists" }] });
    await until("bold", ({ status }) => status?.numberAvailable === 3);
    const shy = await until("shy", ({ status }) => status?.numberAvailable === 2);
    assert.equal(shy.status?.desiredNumberScheduled, 2);
    await client.patch(Nodes, { name: "n2" }, { type: "merge", body: { spec: { taints: null } } });
    await until("shy", ({ status }) => status?.numberAvailable === 3);
  });

  it("daemonSetController() rolls a new template out node by node and records both", async () => {
    await create("rolled");
    await until("rolled", ({ status }) => status?.numberAvailable === 3);
    let fewest = 3;
    const stop = new AbortController();
    const { metadata } = await client.list(DaemonSets, { namespace });
    const watching = (async () => {
      for await (const event of await client.watch(DaemonSets, {
        namespace,
        resourceVersion: metadata.resourceVersion,
        signal: stop.signal,
      })) {
        if (event.type === "MODIFIED" && event.object.metadata.name === "rolled")
          fewest = Math.min(fewest, event.object.status?.numberAvailable ?? 0);
      }
    })();
    const body = { spec: { template: { spec: { containers: [{ name: "c", image: "v2" }] } } } };
    await client.patch(DaemonSets, { namespace, name: "rolled" }, { type: "strategic", body });
    await until(
      "rolled",
      ({ status }) =>
        status?.observedGeneration === 2 &&
        status.updatedNumberScheduled === 3 &&
        status.numberAvailable === 3,
    );
    stop.abort();
    await watching;
    assert.ok(fewest >= 2, `${fewest} were available at some time`);
    const { items } = await client.list(Pods, { namespace, labelSelector: "app=rolled" });
    assert.deepEqual(
      items.map(({ spec }) => spec?.containers[0]?.image),
      ["v2", "v2", "v2"],
    );
    const revisions = await client.list(ControllerRevisions, { namespace, labelSelector: "app=rolled" });
    assert.deepEqual(revisions.items.map(({ revision }) => revision).sort(), [1, 2]);
  });

  it("daemonSetController() with OnDelete waits until an old Pod is deleted", async () => {
    await create("careful", { updateStrategy: { type: "OnDelete" } });
    await until("careful", ({ status }) => status?.numberAvailable === 3);
    const body = { spec: { template: { spec: { containers: [{ name: "c", image: "v2" }] } } } };
    await client.patch(DaemonSets, { namespace, name: "careful" }, { type: "strategic", body });
    await until("careful", ({ status }) => status?.observedGeneration === 2);
    const { items } = await client.list(Pods, { namespace, labelSelector: "app=careful" });
    assert.ok(items.every(({ spec }) => spec?.containers[0]?.image === "v1"));
    await client.delete(Pods, { namespace, name: items[0]!.metadata.name });
    await until(
      "careful",
      ({ status }) => status?.updatedNumberScheduled === 1 && status.numberAvailable === 3,
    );
  });
});
