import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import {
  type CronJob,
  CronJobs,
  type EndpointSlice,
  EndpointSlices,
  type HorizontalPodAutoscaler,
  HorizontalPodAutoscalers,
  Namespaces,
  type PodDisruptionBudget,
  PodDisruptionBudgets,
  Pods,
} from "@jdos/api";
import { apiVersionOf, isStatus, type KubeObject, type ResourceType } from "@jdos/apimachinery";
import type { Client, Stored } from "../client.ts";
import { isOlder, OLDEST_KUBERNETES, readServerVersion } from "../discovery/server-version.ts";
import { createInformerFactory } from "../informer/informer-factory.ts";
import type { ContractOptions, ContractSubject } from "./contract.ts";
import { skippingIt } from "./skips.ts";

const namespace = "shapes";
const key = (name: string) => ({ namespace, name });
const metadata = (name: string) => ({ ...key(name), labels: { shape: "newest" } });

const slice = (name: string): EndpointSlice => ({
  metadata: metadata(name),
  addressType: "IPv4",
  endpoints: [
    {
      addresses: ["10.0.0.1"],
      conditions: { ready: true },
      hostname: "web-0",
      nodeName: "n1",
      zone: "east",
      targetRef: { kind: "Pod", namespace, name: "web-0" },
    },
    { addresses: ["10.0.0.2"], conditions: { ready: false } },
  ],
  ports: [{ name: "http", port: 8080, protocol: "TCP" }],
});

const budget = (name: string): PodDisruptionBudget => ({
  metadata: metadata(name),
  spec: { minAvailable: "50%" as never, selector: { matchLabels: { app: "web" } } },
});

const cronJob = (name: string): CronJob => ({
  metadata: metadata(name),
  spec: {
    schedule: "*/5 * * * *",
    concurrencyPolicy: "Forbid",
    jobTemplate: {
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } },
    },
  },
});

const autoscaler = (name: string): HorizontalPodAutoscaler => ({
  metadata: metadata(name),
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    minReplicas: 2,
    maxReplicas: 9,
    metrics: [
      {
        type: "Resource",
        resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 60, selectPolicy: "Min" } },
  },
});

/** That `found` says all that `said` says; what the server adds does not matter. */
function assertSays(found: unknown, said: unknown, path = ""): void {
  if (said === null || typeof said !== "object") {
    assert.equal(found, said, path);
    return;
  }
  assert.ok(found !== null && typeof found === "object", `${path} is missing`);
  for (const [name, member] of Object.entries(said))
    assertSays((found as Record<string, unknown>)[name], member, `${path}.${name}`);
}

/** That Kinds which clusters serve in several versions are read and written in the newest shape. */
export function shapesContract(
  name: string,
  startSubject: () => Promise<Omit<ContractSubject, "advanceClock">>,
  { skips = {} }: ContractOptions = {},
): void {
  const it = skippingIt(skips);
  describe(`Kinds of several versions ${name}`, () => {
    let subject: Omit<ContractSubject, "advanceClock">;
    let client: Client;
    before(async () => {
      subject = await startSubject();
      client = subject.client;
      await client.create(Namespaces, { metadata: { name: namespace } });
    });
    after(() => subject.stop());

    function keepsItsShape<T extends KubeObject>(type: ResourceType<T>, render: (name: string) => T): void {
      const apiVersion = apiVersionOf(type);
      const whole = (name: string) => ({ ...render(name), apiVersion, kind: type.kind });

      it(`${type.kind}: every read and write has the newest shape`, async () => {
        const { metadata } = await client.list(type, { namespace });
        const events = await client.watch(type, {
          namespace,
          resourceVersion: metadata.resourceVersion,
          signal: AbortSignal.timeout(20_000),
        });
        const made = await client.create(type, render("one"));
        const relabelled = {
          ...made,
          metadata: { ...made.metadata, labels: { shape: "updated" } },
        } as unknown as Stored<T>;
        const updated = await client.update(type, relabelled);
        const body = { metadata: { labels: { shape: "patched" } } };
        const patched = await client.patch(type, key("one"), { type: "merge", body });
        const read = await client.get(type, key("one"));
        const { items } = await client.list(type, { namespace, labelSelector: "shape=patched" });
        await client.delete(type, key("one"));
        const seen: Stored<T>[] = [];
        for await (const event of events) {
          if (event.type !== "BOOKMARK") seen.push(event.object);
          if (event.type === "DELETED") break;
        }
        assert.ok(seen.length >= 4, `${seen.length} events`);
        for (const object of [made, updated, patched, read, ...items, ...seen]) {
          const { metadata: _, ...content } = whole("one");
          assertSays(object, content);
        }
        assert.deepEqual(read.metadata.labels, { shape: "patched" });
        assert.equal(items.length, 1);
      });

      it(`${type.kind}: informers hold the newest shape`, async () => {
        const informers = createInformerFactory(client);
        const informer = informers.for(type, { namespace });
        const added = Promise.withResolvers<Stored<T>>();
        await client.create(type, render("before"));
        informer.addHandlers({
          added: (object) => object.metadata.name === "after" && added.resolve(object),
        });
        informers.start();
        await informers.waitForSync();
        await client.create(type, render("after"));
        assertSays(await added.promise, whole("after"));
        assertSays(informer.lister.get(key("before")), whole("before"));
        await informers.stop();
        await client.deleteCollection(type, { namespace });
        assert.deepEqual((await client.list(type, { namespace })).items, []);
      });

      it(`${type.kind}: an applied configuration is the newest shape`, async () => {
        const patch = { type: "apply", body: whole("applied") } as const;
        const options = { fieldManager: "shapes", force: true };
        const applied = await client.patch(type, key("applied"), patch, options);
        const again = await client.patch(type, key("applied"), patch, options);
        assertSays(again, whole("applied"));
        assert.equal(again.metadata.resourceVersion, applied.metadata.resourceVersion);
        await client.delete(type, key("applied"));
      });
    }

    keepsItsShape(EndpointSlices, slice);
    keepsItsShape(PodDisruptionBudgets, budget);
    keepsItsShape(CronJobs, cronJob);
    keepsItsShape(HorizontalPodAutoscalers, autoscaler);

    it("EndpointSlice: JSON operations replace and add whole endpoints", async () => {
      await client.create(EndpointSlices, slice("operated"));
      const [first, second] = slice("operated").endpoints;
      const patched = await client.patch(EndpointSlices, key("operated"), {
        type: "json",
        body: [
          { op: "replace", path: "/endpoints", value: [second] },
          { op: "add", path: "/endpoints/-", value: { ...first, nodeName: "n2" } },
        ],
      });
      assert.deepEqual(
        patched.endpoints.map(({ addresses, nodeName }) => [addresses[0], nodeName]),
        [
          ["10.0.0.2", undefined],
          ["10.0.0.1", "n2"],
        ],
      );
    });

    it("PodDisruptionBudget: an empty selector selects every Pod", async () => {
      const all = { ...budget("all"), spec: { minAvailable: 1 as never, selector: {} } };
      assert.deepEqual((await client.create(PodDisruptionBudgets, all)).spec?.selector, {});
      assert.deepEqual((await client.get(PodDisruptionBudgets, key("all"))).spec?.selector, {});
      await client.delete(PodDisruptionBudgets, key("all"));
    });

    it("PodDisruptionBudget and CronJob: a status is written in the newest shape", async () => {
      const made = await client.create(PodDisruptionBudgets, budget("status"));
      const counts = { currentHealthy: 3, desiredHealthy: 2, disruptionsAllowed: 1, expectedPods: 3 };
      const status = { ...counts, observedGeneration: 1 };
      const options = { subresource: "status" };
      const written = await client.update(PodDisruptionBudgets, { ...made, status }, options);
      assertSays(written, { apiVersion: "policy/v1", ...budget("status"), status: counts });
      await client.create(CronJobs, cronJob("status"));
      const body = { status: { lastScheduleTime: "2026-01-01T00:00:00Z" } };
      const patched = await client.patch(CronJobs, key("status"), { type: "merge", body }, options);
      assertSays(patched, { apiVersion: "batch/v1", ...body });
    });

    it("a Pod is evicted in the newest shape, and kept by its budget", async () => {
      const spec = { containers: [{ name: "c", image: "i" }] };
      const evict = (name: string) =>
        client.createSubresource(Pods, key(name), "eviction", {
          apiVersion: "policy/v1",
          kind: "Eviction",
          metadata: key(name),
        });
      for (const app of ["free", "kept"])
        await client.create(Pods, { metadata: { ...key(app), labels: { app } }, spec });
      await client.create(PodDisruptionBudgets, {
        metadata: metadata("kept"),
        spec: { minAvailable: 1 as never, selector: { matchLabels: { app: "kept" } } },
      });
      const ready = [{ type: "Ready", status: "True" }];
      const status = { phase: "Running", conditions: ready };
      await client.patch(Pods, key("kept"), { type: "merge", body: { status } }, { subresource: "status" });
      await evict("free");
      await assert.rejects(evict("kept"), (error) => isStatus(error, "TooManyRequests"));
      await assert.rejects(evict("missing"), (error) => isStatus(error, "NotFound"));
    });

    it("readServerVersion() says a version that the platform runs on", async () => {
      assert.ok(!isOlder(await readServerVersion(client), OLDEST_KUBERNETES));
    });
  });
}
