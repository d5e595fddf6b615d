import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Pods, ReplicationControllers } from "@jdos/api";
import { controllerOf } from "@jdos/apimachinery";
import { systemClock } from "@jdos/component-base";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { replicationControllerController } from "./controller.ts";

const namespace = "demo";

describe("replicationControllerController", () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({
      controllers: [replicationControllerController({ clock: systemClock })],
      namespaces: [namespace],
    });
  });
  after(() => cluster.stop());

  it("replicationControllerController() keeps the number of Pods, and adopts by its plain selector", async () => {
    const { client } = cluster;
    const labels = { app: "old" };
    await client.create(Pods, {
      metadata: { namespace, name: "lonely", labels },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
    await client.create(ReplicationControllers, {
      metadata: { namespace, name: "old" },
      spec: { replicas: 3, selector: labels, template },
    });
    const found = await cluster.until(
      ReplicationControllers,
      { namespace, name: "old" },
      ({ status }) => status?.readyReplicas === 3,
    );
    assert.equal(found.status?.replicas, 3);
    const { items } = await client.list(Pods, { namespace, labelSelector: "app=old" });
    assert.equal(items.length, 3);
    assert.ok(items.some(({ metadata }) => metadata.name === "lonely"));
    assert.ok(items.every((pod) => controllerOf(pod)?.uid === found.metadata.uid));
  });
});
