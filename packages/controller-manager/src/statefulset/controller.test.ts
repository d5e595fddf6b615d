import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PersistentVolumeClaims, Pods, type StatefulSet, StatefulSets } from "@jdos/api";
import type { Client, Stored } from "@jdos/client";
import { systemClock } from "@jdos/component-base";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { statefulSetController } from "./controller.ts";

const namespace = "demo";

describe("statefulSetController", () => {
  let cluster: TestCluster;
  let client: Client;
  before(async () => {
    cluster = await startTestCluster({
      controllers: [statefulSetController({ clock: systemClock })],
      namespaces: [namespace],
    });
    client = cluster.client;
  });
  after(() => cluster.stop());

  const create = (name: string, spec: Partial<NonNullable<StatefulSet["spec"]>> = {}) => {
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "v1" }] } };
    return client.create(StatefulSets, {
      metadata: { namespace, name },
      spec: { replicas: 3, serviceName: name, selector: { matchLabels: labels }, template, ...spec },
    });
  };
  const until = (name: string, done: (set: Stored<StatefulSet>) => boolean) =>
    cluster.until(StatefulSets, { namespace, name }, done);
  const settled = (name: string, replicas: number) =>
    until(
      name,
      ({ status, metadata }) =>
        status?.observedGeneration === metadata.generation &&
        status?.availableReplicas === replicas &&
        status.replicas === replicas,
    );
  const setImage = (name: string, image: string) =>
    client.patch(
      StatefulSets,
      { namespace, name },
      { type: "strategic", body: { spec: { template: { spec: { containers: [{ name: "c", image }] } } } } },
    );
  const imagesOf = async (name: string) => {
    const { items } = await client.list(Pods, { namespace, labelSelector: `app=${name}` });
    return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec?.containers[0]?.image]));
  };

  /** The names of Pods in the order in which something happened to them. */
  async function orderOf(
    name: string,
    type: "ADDED" | "DELETED",
    act: () => Promise<unknown>,
  ): Promise<string[]> {
    const names: string[] = [];
    const stop = new AbortController();
    const { metadata } = await client.list(Pods, { namespace });
    const options = {
      namespace,
      labelSelector: `app=${name}`,
      resourceVersion: metadata.resourceVersion,
      signal: stop.signal,
    };
    const watching = (async () => {
      for await (const event of await client.watch(Pods, options))
        if (event.type === type) names.push(event.object.metadata.name);
    })();
    await act();
    stop.abort();
    await watching;
    return names;
  }

  it("statefulSetController() creates Pods one after another with names, host names and labels of their own", async () => {
    const order = await orderOf("db", "ADDED", async () => {
      await create("db");
      await settled("db", 3);
    });
    assert.deepEqual(order, ["db-0", "db-1", "db-2"]);
    const pod = await client.get(Pods, { namespace, name: "db-1" });
    assert.deepEqual([pod.spec?.hostname, pod.spec?.subdomain], ["db-1", "db"]);
    assert.equal(pod.metadata.labels?.["statefulset.kubernetes.io/pod-name"], "db-1");
    assert.equal(pod.metadata.labels?.["apps.kubernetes.io/pod-index"], "1");
  });

  it("statefulSetController() scales down from the highest, and brings a deleted Pod back under its name", async () => {
    await create("scaled");
    await settled("scaled", 3);
    const order = await orderOf("scaled", "DELETED", async () => {
      await client.patch(
        StatefulSets,
        { namespace, name: "scaled" },
        { type: "merge", body: { spec: { replicas: 1 } } },
      );
      await settled("scaled", 1);
    });
    assert.deepEqual(order, ["scaled-2", "scaled-1"]);
    const before = await client.get(Pods, { namespace, name: "scaled-0" });
    await client.delete(Pods, { namespace, name: "scaled-0" });
    await cluster.until(
      Pods,
      { namespace, name: "scaled-0" },
      ({ metadata }) => metadata.uid !== before.metadata.uid,
    );
  });

  it("statefulSetController() updates from the highest down, and says when it is done", async () => {
    await create("rolled");
    const first = await settled("rolled", 3);
    const order = await orderOf("rolled", "DELETED", async () => {
      await setImage("rolled", "v2");
      await until(
        "rolled",
        ({ status, metadata }) =>
          status?.observedGeneration === metadata.generation &&
          status?.currentRevision === status?.updateRevision &&
          status?.updatedReplicas === 3 &&
          status.availableReplicas === 3,
      );
    });
    assert.deepEqual(order, ["rolled-2", "rolled-1", "rolled-0"]);
    assert.deepEqual(await imagesOf("rolled"), { "rolled-0": "v2", "rolled-1": "v2", "rolled-2": "v2" });
    const now = await client.get(StatefulSets, { namespace, name: "rolled" });
    assert.notEqual(now.status?.currentRevision, first.status?.currentRevision);
  });

  it("statefulSetController() leaves what is below the partition on the old template", async () => {
    await create("parted", { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } });
    await settled("parted", 3);
    await setImage("parted", "v2");
    await until(
      "parted",
      ({ status, metadata }) =>
        status?.observedGeneration === metadata.generation &&
        status?.updatedReplicas === 1 &&
        status.availableReplicas === 3,
    );
    assert.deepEqual(await imagesOf("parted"), { "parted-0": "v1", "parted-1": "v1", "parted-2": "v2" });
    const old = await client.get(Pods, { namespace, name: "parted-0" });
    await client.delete(Pods, { namespace, name: "parted-0" });
    const again = await cluster.until(
      Pods,
      { namespace, name: "parted-0" },
      ({ metadata }) => metadata.uid !== old.metadata.uid,
    );
    assert.equal(again.spec?.containers[0]?.image, "v1");
  });

  it("statefulSetController() gets over a template that never became ready", async () => {
    await create("mended", { replicas: 2 });
    await settled("mended", 2);
    await setImage("mended", "never-ready");
    await cluster.until(
      Pods,
      { namespace, name: "mended-1" },
      ({ spec, status }) => spec?.containers[0]?.image === "never-ready" && status?.phase === "Running",
    );
    assert.equal((await imagesOf("mended"))["mended-0"], "v1");
    await setImage("mended", "v3");
    await until(
      "mended",
      ({ status, metadata }) =>
        status?.observedGeneration === metadata.generation &&
        status?.updatedReplicas === 2 &&
        status.availableReplicas === 2,
    );
    assert.deepEqual(await imagesOf("mended"), { "mended-0": "v3", "mended-1": "v3" });
  });

  it("statefulSetController() with Parallel does not wait, and claims outlive their Pods", async () => {
    const claim = {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    };
    await create("parallel", { podManagementPolicy: "Parallel", volumeClaimTemplates: [claim] });
    await settled("parallel", 3);
    const pod = await client.get(Pods, { namespace, name: "parallel-2" });
    const volume = pod.spec?.volumes?.find(({ name }) => name === "data");
    assert.equal(volume?.persistentVolumeClaim?.claimName, "data-parallel-2");
    await client.patch(
      StatefulSets,
      { namespace, name: "parallel" },
      { type: "merge", body: { spec: { replicas: 0 } } },
    );
    await until(
      "parallel",
      ({ status, metadata }) => status?.observedGeneration === metadata.generation && status?.replicas === 0,
    );
    const { items } = await client.list(PersistentVolumeClaims, { namespace, labelSelector: "app=parallel" });
    assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), [
      "data-parallel-0",
      "data-parallel-1",
      "data-parallel-2",
    ]);
  });
});
