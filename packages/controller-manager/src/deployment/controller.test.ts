import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Deployment, Deployments, Events, Pods, type ReplicaSet, ReplicaSets } from "@jdos/api";
import { findCondition } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { systemClock } from "@jdos/component-base";
import { replicaSetController } from "../replicaset/controller.ts";
import { startTestCluster, type TestCluster } from "../testing/index.ts";
import { deploymentController } from "./controller.ts";
import { isComplete } from "./status.ts";

const namespace = "demo";

function deployment(
  name: string,
  { image = "v1", ...spec }: Partial<NonNullable<Deployment["spec"]>> & { image?: string } = {},
): Deployment {
  return {
    metadata: { namespace, name },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image }] } },
      ...spec,
    },
  };
}

describe("deploymentController", () => {
  let cluster: TestCluster;
  let client: Client;
  before(async () => {
    cluster = await startTestCluster({
      controllers: [deploymentController(), replicaSetController({ clock: systemClock })],
      namespaces: [namespace],
    });
    client = cluster.client;
  });
  after(() => cluster.stop());

  const until = (name: string, done: (deployment: Stored<Deployment>) => boolean) =>
    cluster.until(Deployments, { namespace, name }, done);
  const complete = (name: string) =>
    until(
      name,
      (found) => isComplete(found, found.status) && progressing(found)?.reason === "NewReplicaSetAvailable",
    );
  const progressing = (found: Stored<Deployment>) => findCondition(found.status?.conditions, "Progressing");
  const setImage = (name: string, image: string) =>
    client.patch(
      Deployments,
      { namespace, name },
      { type: "strategic", body: { spec: { template: { spec: { containers: [{ name: "c", image }] } } } } },
    );
  const setsOf = async (name: string): Promise<readonly Stored<ReplicaSet>[]> =>
    (await client.list(ReplicaSets, { namespace, labelSelector: `app=${name}` })).items;
  const revisions = async (name: string) =>
    Object.fromEntries(
      (await setsOf(name)).map((set) => [
        set.metadata.annotations?.["deployment.kubernetes.io/revision"],
        [set.spec?.template?.spec?.containers[0]?.image, set.spec?.replicas],
      ]),
    );

  it("deploymentController() makes one ReplicaSet and reports as Kubernetes does", async () => {
    await client.create(Deployments, deployment("web"));
    const found = await complete("web");
    const [set] = await setsOf("web");
    const hash = set!.metadata.labels?.["pod-template-hash"];
    assert.equal(set!.metadata.name, `web-${hash}`);
    assert.equal(set!.spec?.selector?.matchLabels?.["pod-template-hash"], hash);
    assert.equal(found.metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
    const { conditions, ...numbers } = found.status!;
    assert.deepEqual(numbers, {
      observedGeneration: found.metadata.generation,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    const summary = conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]);
    assert.deepEqual(summary?.sort(), [
      ["Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."],
      [
        "Progressing",
        "True",
        "NewReplicaSetAvailable",
        `ReplicaSet "web-${hash}" has successfully progressed.`,
      ],
    ]);
    const { items } = await client.list(Events, {
      namespace,
      fieldSelector: `involvedObject.uid=${found.metadata.uid}`,
    });
    assert.deepEqual(
      items.map(({ reason, message, source }) => [reason, message, source?.component]),
      [["ScalingReplicaSet", `Scaled up replica set web-${hash} from 0 to 3`, "deployment-controller"]],
    );
  });

  it("deploymentController() rolls a new template out within its bounds", async () => {
    await client.create(
      Deployments,
      deployment("rolled", {
        replicas: 4,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      }),
    );
    await complete("rolled");
    let fewest = Number.POSITIVE_INFINITY;
    let most = 0;
    const stop = new AbortController();
    const { metadata } = await client.list(Pods, { namespace });
    const watching = (async () => {
      const options = {
        namespace,
        labelSelector: "app=rolled",
        resourceVersion: metadata.resourceVersion,
        signal: stop.signal,
      };
      const present = new Map((await client.list(Pods, options)).items.map((pod) => [pod.metadata.uid, pod]));
      for await (const event of await client.watch(Pods, options)) {
        if (event.type === "BOOKMARK") continue;
        if (event.type === "DELETED") present.delete(event.object.metadata.uid);
        else present.set(event.object.metadata.uid, event.object);
        const alive = [...present.values()].filter((pod) => pod.metadata.deletionTimestamp === undefined);
        const ready = alive.filter(
          (pod) => findCondition(pod.status?.conditions, "Ready")?.status === "True",
        );
        most = Math.max(most, alive.length);
        fewest = Math.min(fewest, ready.length);
      }
    })();
    await setImage("rolled", "v2");
    const found = await until(
      "rolled",
      (each) =>
        each.metadata.annotations?.["deployment.kubernetes.io/revision"] === "2" &&
        isComplete(each, each.status),
    );
    stop.abort();
    await watching;
    assert.equal(found.status?.updatedReplicas, 4);
    assert.deepEqual(await revisions("rolled"), { 1: ["v1", 0], 2: ["v2", 4] });
    assert.ok(fewest >= 3, `${fewest} Pods were ready at some time`);
    assert.ok(most <= 5, `${most} Pods lived at some time`);
  });

  it("deploymentController() leaves what runs alone when the new Pods never become ready, and says when time is up", async () => {
    await client.create(Deployments, deployment("stuck", { progressDeadlineSeconds: 1, minReadySeconds: 0 }));
    await complete("stuck");
    await setImage("stuck", "never-ready");
    const found = await until("stuck", (each) => progressing(each)?.reason === "ProgressDeadlineExceeded");
    const bad = (await setsOf("stuck")).find(
      (set) => set.spec?.template?.spec?.containers[0]?.image === "never-ready",
    );
    assert.equal(
      progressing(found)?.message,
      `ReplicaSet "${bad!.metadata.name}" has timed out progressing.`,
    );
    assert.equal(progressing(found)?.status, "False");
    assert.equal(found.status?.availableReplicas, 3);
    assert.equal(findCondition(found.status?.conditions, "Available")?.status, "True");

    await setImage("stuck", "v1");
    await complete("stuck");
    assert.deepEqual(await revisions("stuck"), { 2: ["never-ready", 0], 3: ["v1", 3] });
  });

  it("deploymentController() takes an earlier template back under a new revision", async () => {
    await client.create(Deployments, deployment("undone"));
    await complete("undone");
    const [first] = await setsOf("undone");
    await setImage("undone", "v2");
    await until(
      "undone",
      (each) =>
        isComplete(each, each.status) &&
        each.metadata.annotations?.["deployment.kubernetes.io/revision"] === "2",
    );
    await setImage("undone", "v1");
    await until(
      "undone",
      (each) =>
        isComplete(each, each.status) &&
        each.metadata.annotations?.["deployment.kubernetes.io/revision"] === "3",
    );
    const set = await client.get(ReplicaSets, { namespace, name: first!.metadata.name });
    assert.equal(set.metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
    assert.equal(set.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
    assert.equal((await setsOf("undone")).length, 2);
  });

  it("deploymentController() with Recreate ends every old Pod before the first new one", async () => {
    await client.create(
      Deployments,
      deployment("recreated", { replicas: 2, strategy: { type: "Recreate" } }),
    );
    await complete("recreated");
    const mixed: string[] = [];
    const stop = new AbortController();
    const { metadata } = await client.list(Pods, { namespace });
    const options = { namespace, labelSelector: "app=recreated", signal: stop.signal };
    const present = new Map((await client.list(Pods, options)).items.map((pod) => [pod.metadata.uid, pod]));
    const watching = (async () => {
      for await (const event of await client.watch(Pods, {
        ...options,
        resourceVersion: metadata.resourceVersion,
      })) {
        if (event.type === "BOOKMARK") continue;
        if (event.type === "DELETED") present.delete(event.object.metadata.uid);
        else present.set(event.object.metadata.uid, event.object);
        const images = new Set([...present.values()].map((pod) => pod.spec?.containers[0]?.image));
        if (images.size > 1) mixed.push([...images].join());
      }
    })();
    await setImage("recreated", "v2");
    await until(
      "recreated",
      (each) =>
        isComplete(each, each.status) &&
        each.metadata.annotations?.["deployment.kubernetes.io/revision"] === "2",
    );
    stop.abort();
    await watching;
    assert.deepEqual(mixed, []);
    assert.deepEqual(await revisions("recreated"), { 1: ["v1", 0], 2: ["v2", 2] });
  });

  it("deploymentController() does not roll out while paused, but scales", async () => {
    await client.create(Deployments, deployment("paused", { replicas: 2 }));
    await complete("paused");
    const pause = (paused: boolean, replicas: number) =>
      client.patch(
        Deployments,
        { namespace, name: "paused" },
        { type: "merge", body: { spec: { paused, replicas } } },
      );
    await pause(true, 2);
    await setImage("paused", "v2");
    await pause(true, 4);
    const found = await until("paused", ({ status }) => status?.replicas === 4);
    assert.equal(progressing(found)?.reason, "DeploymentPaused");
    assert.deepEqual(await revisions("paused"), { 1: ["v1", 4] });
    await pause(false, 4);
    await until(
      "paused",
      (each) =>
        isComplete(each, each.status) &&
        each.metadata.annotations?.["deployment.kubernetes.io/revision"] === "2",
    );
    assert.deepEqual(await revisions("paused"), { 1: ["v1", 0], 2: ["v2", 4] });
  });

  it("deploymentController() scales a rollout that is half done in proportion", async () => {
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } };
    await client.create(Deployments, deployment("shared", { replicas: 4, strategy }));
    await complete("shared");
    await setImage("shared", "never-ready");
    await cluster.untilList(ReplicaSets, { namespace, labelSelector: "app=shared" }, (sets) =>
      sets.some((set) => set.spec?.replicas === 2),
    );
    await client.patch(
      Deployments,
      { namespace, name: "shared" },
      { type: "merge", body: { spec: { replicas: 10 } } },
    );
    const sets = await cluster.untilList(
      ReplicaSets,
      { namespace, labelSelector: "app=shared" },
      (all) => all.reduce((sum, set) => sum + set.spec!.replicas!, 0) === 12,
    );
    const sizes = Object.fromEntries(
      sets.map((set) => [set.spec!.template!.spec!.containers[0]!.image, set.spec!.replicas]),
    );
    assert.deepEqual(sizes, { v1: 8, "never-ready": 4 });
  });

  it("deploymentController() keeps no more idle sets than revisionHistoryLimit", async () => {
    await client.create(Deployments, deployment("pruned", { replicas: 1, revisionHistoryLimit: 1 }));
    await complete("pruned");
    for (const image of ["v2", "v3", "v4"]) {
      await setImage("pruned", image);
      await until(
        "pruned",
        (each) => isComplete(each, each.status) && each.spec?.template.spec?.containers[0]?.image === image,
      );
    }
    const sets = await cluster.untilList(
      ReplicaSets,
      { namespace, labelSelector: "app=pruned" },
      (all) => all.length === 2,
    );
    assert.deepEqual(sets.map((set) => set.spec!.template!.spec!.containers[0]!.image).sort(), ["v3", "v4"]);
  });
});
