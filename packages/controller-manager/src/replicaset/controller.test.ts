import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Events, type Pod, Pods, type ReplicaSet, ReplicaSets } from "@jdos/api";
import { controllerOf } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { systemClock } from "@jdos/component-base";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { replicaSetController } from "./controller.ts";

const namespace = "demo";

function replicaSet(name: string, spec: Partial<NonNullable<ReplicaSet["spec"]>> = {}): ReplicaSet {
  return {
    metadata: { namespace, name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "i" }] } },
      ...spec,
    },
  };
}

describe("replicaSetController", () => {
  let cluster: TestCluster;
  let client: Client;
  before(async () => {
    cluster = await startTestCluster({
      controllers: [replicaSetController({ clock: systemClock })],
      namespaces: [namespace],
    });
    client = cluster.client;
  });
  after(() => cluster.stop());

  const ready = (name: string, count: number): Promise<Stored<ReplicaSet>> =>
    cluster.until(
      ReplicaSets,
      { namespace, name },
      ({ status, metadata }) =>
        (status?.readyReplicas ?? 0) === count &&
        status?.replicas === count &&
        status.observedGeneration === metadata.generation,
    );
  const podsOf = async (name: string): Promise<readonly Stored<Pod>[]> =>
    (await client.list(Pods, { namespace, labelSelector: `app=${name}` })).items;

  it("replicaSetController() makes the Pods of the template, its own, and counts them", async () => {
    await client.create(ReplicaSets, replicaSet("made", { replicas: 5 }));
    const set = await ready("made", 5);
    assert.deepEqual(set.status, {
      replicas: 5,
      fullyLabeledReplicas: 5,
      readyReplicas: 5,
      availableReplicas: 5,
      observedGeneration: 1,
    });
    const pods = await podsOf("made");
    assert.equal(pods.length, 5);
    for (const pod of pods) {
      assert.match(pod.metadata.name, /^made-[a-z0-9]{5}$/);
      assert.equal(controllerOf(pod)?.uid, set.metadata.uid);
    }
  });

  it("replicaSetController() scales down to the number asked for, and up again", async () => {
    await client.create(ReplicaSets, replicaSet("scaled", { replicas: 3 }));
    await ready("scaled", 3);
    const scaleTo = (replicas: number) =>
      client.patch(
        ReplicaSets,
        { namespace, name: "scaled" },
        { type: "merge", body: { spec: { replicas } } },
      );
    await scaleTo(1);
    await ready("scaled", 1);
    assert.equal((await podsOf("scaled")).length, 1);
    await scaleTo(4);
    await ready("scaled", 4);
    assert.equal((await podsOf("scaled")).length, 4);
  });

  it("replicaSetController() replaces a Pod that was deleted", async () => {
    await client.create(ReplicaSets, replicaSet("healed"));
    await ready("healed", 2);
    const [first] = await podsOf("healed");
    await client.delete(Pods, { namespace, name: first!.metadata.name });
    const pods = await cluster.untilList(
      Pods,
      { namespace, labelSelector: "app=healed" },
      (items) => items.length === 2 && items.every(({ metadata }) => metadata.uid !== first!.metadata.uid),
    );
    assert.equal(pods.length, 2);
  });

  it("replicaSetController() adopts a Pod that matches and lets go of one that no longer does", async () => {
    const lonely = await client.create(Pods, {
      metadata: { namespace, name: "lonely", labels: { app: "adopting" } },
      spec: { containers: [{ name: "c", image: "i" }] },
    });
    await client.create(ReplicaSets, replicaSet("adopting"));
    const set = await ready("adopting", 2);
    const adopted = await client.get(Pods, { namespace, name: "lonely" });
    assert.equal(adopted.metadata.uid, lonely.metadata.uid);
    assert.equal(controllerOf(adopted)?.uid, set.metadata.uid);
    assert.equal((await podsOf("adopting")).length, 2);

    const body = { metadata: { labels: { app: "other" } } };
    await client.patch(Pods, { namespace, name: "lonely" }, { type: "merge", body });
    await cluster.until(Pods, { namespace, name: "lonely" }, (pod) => controllerOf(pod) === undefined);
    const pods = await cluster.untilList(
      Pods,
      { namespace, labelSelector: "app=adopting" },
      (items) => items.length === 2,
    );
    assert.ok(pods.every((pod) => controllerOf(pod)?.uid === set.metadata.uid));
  });

  it("replicaSetController() counts a Pod as available only after minReadySeconds", async () => {
    await client.create(ReplicaSets, replicaSet("patient", { replicas: 1, minReadySeconds: 2 }));
    const set = await ready("patient", 1);
    assert.equal(set.status?.availableReplicas, undefined);
    const later = await cluster.until(
      ReplicaSets,
      { namespace, name: "patient" },
      ({ status }) => status?.availableReplicas === 1,
    );
    assert.equal(later.status?.readyReplicas, 1);
  });

  it("replicaSetController() says what it made", async () => {
    await client.create(ReplicaSets, replicaSet("told", { replicas: 1 }));
    const set = await ready("told", 1);
    const [pod] = await podsOf("told");
    const { items } = await client.list(Events, {
      namespace,
      fieldSelector: `involvedObject.uid=${set.metadata.uid}`,
    });
    const found = items.map(({ type, reason, message, source }) => ({
      type,
      reason,
      message,
      component: source?.component,
    }));
    assert.deepEqual(found, [
      {
        type: "Normal",
        reason: "SuccessfulCreate",
        message: `Created pod: ${pod!.metadata.name}`,
        component: "replicaset-controller",
      },
    ]);
  });
});
