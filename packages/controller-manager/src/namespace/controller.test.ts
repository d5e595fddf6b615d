import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ConfigMaps, Deployments, Namespaces, Pods, ReplicaSets, Secrets } from "@jdos/api";
import { findCondition, isStatus, type ResourceType } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { systemClock } from "@jdos/component-base";
import { deploymentController } from "../deployment/controller.ts";
import { replicaSetController } from "../replicaset/controller.ts";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { namespaceController } from "./controller.ts";

describe("namespaceController", () => {
  let cluster: TestCluster;
  let client: Client;
  before(async () => {
    cluster = await startTestCluster({
      controllers: [
        namespaceController(),
        deploymentController(),
        replicaSetController({ clock: systemClock }),
      ],
      namespaces: ["full", "held", "beside"],
    });
    client = cluster.client;
  });
  after(() => cluster.stop());

  it("namespaceController() empties a namespace that runs something, and lets it go", async () => {
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
    await client.create(Deployments, {
      metadata: { namespace: "full", name: "web" },
      spec: { replicas: 3, selector: { matchLabels: labels }, template },
    });
    await client.create(Secrets, { metadata: { namespace: "full", name: "s" } });
    await client.create(ConfigMaps, { metadata: { namespace: "beside", name: "kept" } });
    await cluster.untilList(Pods, { namespace: "full" }, (pods) => pods.length === 3);
    await client.delete(Namespaces, { name: "full" });
    await cluster.untilGone(Namespaces, { name: "full" });
    for (const type of [Deployments, ReplicaSets, Pods, Secrets] as ResourceType[]) {
      assert.deepEqual((await client.list(type, { namespace: "full" })).items, [], type.resource);
    }
    assert.ok(await client.get(ConfigMaps, { namespace: "beside", name: "kept" }));
  });

  it("namespaceController() waits for a finalizer and says which", async () => {
    await client.create(ConfigMaps, {
      metadata: { namespace: "held", name: "c", finalizers: ["example.com/hold"] },
    });
    await client.delete(Namespaces, { name: "held" });
    const held = await cluster.until(
      Namespaces,
      { name: "held" },
      ({ status }) => findCondition(status?.conditions, "NamespaceFinalizersRemaining")?.status === "True",
    );
    assert.equal(held.status?.phase, "Terminating");
    const say = (type: string) => findCondition(held.status?.conditions, type)?.message;
    assert.equal(
      say("NamespaceContentRemaining"),
      "Some resources are remaining: configmaps. has 1 resource instances",
    );
    assert.equal(
      say("NamespaceFinalizersRemaining"),
      "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    );
    await assert.rejects(
      client.create(ConfigMaps, { metadata: { namespace: "held", name: "late" } }),
      (error) => isStatus(error, "Forbidden"),
    );
    await client.patch(
      ConfigMaps,
      { namespace: "held", name: "c" },
      { type: "merge", body: { metadata: { finalizers: null } } },
    );
    await cluster.untilGone(Namespaces, { name: "held" });
  });
});
