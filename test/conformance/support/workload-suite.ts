import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import {
  Deployments,
  EndpointSlices,
  Namespaces,
  PodDisruptionBudgets,
  Pods,
  ReplicaSets,
  Services,
} from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { type Skips, skippingIt } from "@jdos/client/testing";
import { deployment } from "../../../bench/support/deployment.ts";
import { type SimulatedNodes, startSimulatedNodes } from "../../../bench/support/simulated-nodes.ts";
import { eventually } from "../../e2e/support/process.ts";

export interface WorkloadSubject {
  /** Of one who may do everything, on a server with controllers and a scheduler. */
  client: Client;
  stop(): Promise<void>;
}

export interface WorkloadSuiteOptions {
  start(): Promise<WorkloadSubject>;
  skips?: Skips;
}

const NODES = 4;
const namespace = "workloads";
const key = (name: string) => ({ namespace, name });

/** What controllers and scheduler make of objects, on nodes that are simulated. */
export function workloadSuite(name: string, { start, skips = {} }: WorkloadSuiteOptions): void {
  const it = skippingIt(skips);
  describe(`workloads on ${name}`, () => {
    let subject: WorkloadSubject;
    let client: Client;
    let nodes: SimulatedNodes;
    before(async () => {
      subject = await start();
      client = subject.client;
      nodes = await startSimulatedNodes({ client, count: NODES });
      await client.create(Namespaces, { metadata: { name: namespace } });
    });
    after(async () => {
      await nodes?.stop();
      await subject?.stop();
    });

    const podsOf = async (app: string) =>
      (await client.list(Pods, { namespace, labelSelector: `app=${app}` })).items;
    const replicaSetsOf = async (app: string) =>
      (await client.list(ReplicaSets, { namespace, labelSelector: `app=${app}` })).items;
    /** Creates a Deployment and waits until its Pods are available. */
    const run = async (app: string, replicas: number): Promise<void> => {
      await client.create(Deployments, deployment({ namespace, name: app, replicas }));
      await settled(app, replicas);
    };
    const settled = (app: string, replicas: number): Promise<void> =>
      eventually(async () => {
        const { metadata, status } = await client.get(Deployments, key(app));
        const { observedGeneration, availableReplicas, updatedReplicas, replicas: all } = status ?? {};
        assert.deepEqual(
          { observedGeneration, availableReplicas, updatedReplicas, all },
          {
            observedGeneration: metadata.generation,
            availableReplicas: replicas,
            updatedReplicas: replicas,
            all: replicas,
          },
        );
      }, 60);

    it("a Deployment's Pods run on all nodes, named and labelled for their ReplicaSet", async () => {
      await run("spread", 20);
      const [replicaSet] = await replicaSetsOf("spread");
      const hash = replicaSet!.metadata.labels?.["pod-template-hash"];
      assert.equal(replicaSet!.metadata.name, `spread-${hash}`);
      const pods = await podsOf("spread");
      assert.equal(pods.length, 20);
      for (const { metadata } of pods) {
        assert.match(metadata.name, new RegExp(`^spread-${hash}-[a-z0-9]{5}$`));
        const [owner] = metadata.ownerReferences ?? [];
        assert.deepEqual(
          [owner?.kind, owner?.uid, owner?.controller],
          ["ReplicaSet", replicaSet!.metadata.uid, true],
        );
      }
      assert.equal(new Set(pods.map(({ spec }) => spec?.nodeName)).size, NODES);
    });

    it("a rolling update keeps enough Pods available and counts its revision", async () => {
      await run("rolled", 8);
      const { metadata } = await client.list(Pods, { namespace });
      const stop = new AbortController();
      const events = await client.watch(Pods, {
        namespace,
        labelSelector: "app=rolled",
        resourceVersion: metadata.resourceVersion,
        signal: stop.signal,
      });
      const ready = new Set((await podsOf("rolled")).map((pod) => pod.metadata.name));
      let fewest = ready.size;
      const watching = (async () => {
        for await (const event of events) {
          if (event.type === "BOOKMARK") continue;
          const { metadata, status } = event.object;
          const isReady = status?.conditions?.some(
            ({ type, status }) => type === "Ready" && status === "True",
          );
          if (event.type !== "DELETED" && isReady && metadata.deletionTimestamp === undefined)
            ready.add(metadata.name);
          else ready.delete(metadata.name);
          fewest = Math.min(fewest, ready.size);
        }
      })();
      const body = { spec: { template: { metadata: { annotations: { version: "2" } } } } };
      await client.patch(Deployments, key("rolled"), { type: "merge", body });
      await settled("rolled", 8);
      stop.abort();
      await watching;
      assert.ok(fewest >= 6, `25 % of 8 may be missing, ${8 - fewest} were`);
      const sets = (await replicaSetsOf("rolled")).map(({ metadata, spec }) => [
        metadata.annotations?.["deployment.kubernetes.io/revision"],
        spec?.replicas,
      ]);
      assert.deepEqual(sets.sort(), [
        ["1", 0],
        ["2", 8],
      ]);
    });

    it("a running Pod's image may be changed, and little else of its spec", async () => {
      await run("patched", 1);
      const [pod] = await podsOf("patched");
      const patch = (spec: object) =>
        client.patch(Pods, key(pod!.metadata.name), { type: "strategic", body: { spec } });
      const app = (change: object) => ({ containers: [{ name: "app", ...change }] });
      const toleration = { key: "more", operator: "Exists" };
      const mayBe: object[] = [
        app({ image: "registry.example.com/app:2" }),
        { activeDeadlineSeconds: 3600 },
        { activeDeadlineSeconds: 3000 },
        { tolerations: [...(pod!.spec?.tolerations ?? []), toleration] },
      ];
      for (const spec of mayBe) await patch(spec);
      const mayNot: object[] = [
        app({ image: "" }),
        app({ image: " registry.example.com/app:3" }),
        app({ command: ["other"] }),
        app({ imagePullPolicy: "Always" }),
        app({ env: [{ name: "MORE", value: "1" }] }),
        { containers: [{ name: "another", image: "registry.example.com/app:1" }] },
        { activeDeadlineSeconds: 3600 },
        { activeDeadlineSeconds: null },
        { terminationGracePeriodSeconds: 1 },
        { nodeName: "elsewhere" },
      ];
      for (const spec of mayNot) {
        await assert.rejects(patch(spec), (error) => isStatus(error, "Invalid"), JSON.stringify(spec));
      }
      const now = await client.get(Pods, key(pod!.metadata.name));
      assert.equal(now.metadata.uid, pod!.metadata.uid);
      assert.equal(now.spec?.containers[0]?.image, "registry.example.com/app:2");
      assert.equal(now.spec?.activeDeadlineSeconds, 3000);
      assert.ok(now.spec?.tolerations?.some((one) => one.key === toleration.key));
    });

    it("a paused Deployment whose ReplicaSet and template become another version makes none", async () => {
      await run("in-place", 3);
      const before = (await podsOf("in-place")).map(({ metadata }) => metadata.uid).sort();
      const [replicaSet] = await replicaSetsOf("in-place");
      const next = {
        metadata: { labels: { version: "2" } },
        spec: { containers: [{ name: "app", image: "registry.example.com/app:2" }] },
      };
      const patch = { type: "strategic" } as const;
      await client.patch(Deployments, key("in-place"), { ...patch, body: { spec: { paused: true } } });
      await client.patch(ReplicaSets, key(replicaSet!.metadata.name), {
        ...patch,
        body: { spec: { template: next } },
      });
      for (const { metadata } of await podsOf("in-place"))
        await client.patch(Pods, key(metadata.name), { ...patch, body: next });
      // One that is lost meanwhile comes back as the next version.
      const [lost] = await podsOf("in-place");
      await client.delete(Pods, key(lost!.metadata.name));
      const kept = before.filter((uid) => uid !== lost!.metadata.uid);
      await eventually(async () => {
        const uids = (await podsOf("in-place")).map(({ metadata }) => metadata.uid);
        assert.ok(uids.length === 3 && !uids.includes(lost!.metadata.uid));
      }, 60);
      await client.patch(Deployments, key("in-place"), {
        ...patch,
        body: { spec: { paused: false, template: next } },
      });
      await settled("in-place", 3);
      assert.deepEqual(
        (await replicaSetsOf("in-place")).map(({ metadata }) => metadata.name),
        [replicaSet!.metadata.name],
      );
      const pods = await podsOf("in-place");
      const uids = pods.map(({ metadata }) => metadata.uid);
      assert.ok(kept.every((uid) => uids.includes(uid)));
      assert.deepEqual(
        new Set(pods.map(({ spec }) => spec?.containers[0]?.image)),
        new Set(["registry.example.com/app:2"]),
      );
    });

    it("a paused Deployment tells its ReplicaSet what it is called once that has its template", async () => {
      await run("told", 2);
      const before = (await podsOf("told")).map(({ metadata }) => metadata.uid).sort();
      const next = {
        metadata: { labels: { version: "2" } },
        spec: { containers: [{ name: "app", image: "registry.example.com/app:2" }] },
      };
      const patch = { type: "strategic" } as const;
      const paused = await client.patch(Deployments, key("told"), {
        ...patch,
        body: { metadata: { annotations: { told: "2" } }, spec: { paused: true, template: next } },
      });
      await eventually(async () => {
        const { status } = await client.get(Deployments, key("told"));
        assert.ok((status?.observedGeneration ?? 0) >= (paused.metadata.generation ?? 0));
      }, 60);
      const [unlike, ...others] = await replicaSetsOf("told");
      assert.deepEqual([unlike?.metadata.annotations?.told, others.length], [undefined, 0]);
      await client.patch(ReplicaSets, key(unlike!.metadata.name), {
        ...patch,
        body: { spec: { template: next } },
      });
      await eventually(async () => {
        const [alike] = await replicaSetsOf("told");
        assert.equal(alike?.metadata.annotations?.told, "2");
      }, 60);
      await client.patch(Deployments, key("told"), { ...patch, body: { spec: { paused: false } } });
      await settled("told", 2);
      assert.deepEqual(
        (await replicaSetsOf("told")).map(({ metadata }) => metadata.name),
        [unlike!.metadata.name],
      );
      assert.deepEqual((await podsOf("told")).map(({ metadata }) => metadata.uid).sort(), before);
    });

    it("deletion in the foreground waits for Pods, orphaning leaves them", async () => {
      await run("doomed", 3);
      await client.delete(Deployments, key("doomed"), { propagationPolicy: "Foreground" });
      await eventually(async () => {
        await assert.rejects(client.get(Deployments, key("doomed")), (error) => isStatus(error, "NotFound"));
        assert.deepEqual([...(await podsOf("doomed")), ...(await replicaSetsOf("doomed"))], []);
      }, 60);
      await run("orphan", 2);
      await client.delete(Deployments, key("orphan"), { propagationPolicy: "Orphan" });
      await eventually(async () => {
        const [replicaSet] = await replicaSetsOf("orphan");
        assert.deepEqual(replicaSet?.metadata.ownerReferences ?? [], []);
      }, 60);
      assert.equal((await podsOf("orphan")).length, 2);
    });

    it("a Service's EndpointSlice holds the addresses of the Pods that are ready", async () => {
      await run("served", 3);
      await client.create(Services, {
        metadata: key("served"),
        spec: { selector: { app: "served" }, ports: [{ port: 80 }] },
      });
      await eventually(async () => {
        const { items } = await client.list(EndpointSlices, {
          namespace,
          labelSelector: "kubernetes.io/service-name=served",
        });
        const addresses = items.flatMap(({ endpoints }) =>
          endpoints.filter(({ conditions }) => conditions?.ready).flatMap((one) => one.addresses),
        );
        const wanted = (await podsOf("served")).map(({ status }) => status?.podIP);
        assert.deepEqual(addresses.sort(), wanted.sort());
      }, 60);
    });

    it("an eviction that a PodDisruptionBudget forbids is told to come again", async () => {
      await run("guarded", 2);
      await client.create(PodDisruptionBudgets, {
        metadata: key("guarded"),
        spec: { minAvailable: 2, selector: { matchLabels: { app: "guarded" } } },
      });
      await eventually(async () => {
        const { status } = await client.get(PodDisruptionBudgets, key("guarded"));
        assert.deepEqual([status?.expectedPods, status?.currentHealthy], [2, 2]);
      }, 60);
      const [pod] = await podsOf("guarded");
      const evict = client.createSubresource(Pods, key(pod!.metadata.name), "eviction", {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: key(pod!.metadata.name),
      });
      await assert.rejects(evict, (error) => isStatus(error, "TooManyRequests"));
    });

    it("a Namespace goes when all in it is gone, and not before a finalizer is taken off", async () => {
      await client.create(Services, {
        metadata: { ...key("held"), finalizers: ["example.com/hold"] },
        spec: { ports: [{ port: 80 }] },
      });
      await client.delete(Namespaces, { name: namespace });
      await eventually(async () => assert.deepEqual((await client.list(Pods, { namespace })).items, []), 60);
      assert.equal((await client.get(Namespaces, { name: namespace })).status?.phase, "Terminating");
      await client.patch(Services, key("held"), { type: "merge", body: { metadata: { finalizers: null } } });
      await eventually(async () => {
        await assert.rejects(client.get(Namespaces, { name: namespace }), (error) =>
          isStatus(error, "NotFound"),
        );
      }, 60);
    });
  });
}
