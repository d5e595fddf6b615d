/** The parts of the platform on a control plane of Kubernetes 1.20, each with what it has there. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Application,
  Applications,
  CustomResourceDefinitions,
  Deployments,
  Ingresses,
  JDOS_DEFINITIONS,
  Namespaces,
  Pods,
  Releases,
  ROUTED_TO_ANNOTATION,
  Services,
  Systems,
} from "@jdos/api";
import { findCondition, isConditionTrue, isStatus } from "@jdos/apimachinery";
import type { Client, Stored } from "@jdos/client";
import { silentLogger } from "@jdos/component-base/testing";
import { runAsLeader } from "@jdos/controller-runtime";
import { start as startDns } from "@jdos/dns";
import { ask } from "@jdos/dns/testing";
import { start as startLoadBalancer } from "@jdos/load-balancer";
import { freePort, runHaproxy } from "@jdos/load-balancer/testing";
import { start as startPlatformControllers } from "@jdos/platform-controllers";
import { applyRights } from "@jdos/platform-controllers/testing";
import { start as startScheduler } from "@jdos/scheduler";
import { startSimulatedNodes } from "../../../bench/support/simulated-nodes.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";

const IMAGE = "registry.jdos.internal/demo/web@sha256:";
const web = { namespace: "demo", name: "web" };
const log = silentLogger();
const WAIT_MILLIS = 30_000;
/** The garbage collector looks for new Kinds every 30 s, and then reads each before it goes on. */
const COLLECTED_MILLIS = 120_000;

/** Waits for the world to become so. */
async function eventually<T>(check: () => Promise<T>, waitMillis = WAIT_MILLIS): Promise<T> {
  for (const deadline = Date.now() + waitMillis; ; await sleep(100)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

const WRITES: readonly string[] = ["create", "update", "patch", "delete"];
const CALLS = [...WRITES, "get", "list", "watch", "createSubresource", "raw", "connect"];

/** The same client, with its writes noted. */
function counting(client: Client): { client: Client; writes: string[] } {
  const writes: string[] = [];
  const calls = client as unknown as Record<string, (...args: unknown[]) => unknown>;
  const counted = CALLS.map((call) => [
    call,
    (...args: unknown[]) => {
      const { kind } = args[0] as { kind?: string };
      if (WRITES.includes(call) && kind !== "Event") writes.push(`${call} ${kind}`);
      return calls[call]!(...args);
    },
  ]);
  return { client: Object.fromEntries(counted) as Client, writes };
}

describe("the parts of the platform on Kubernetes 1.20", () => {
  let cluster: Cluster;
  let client: Client;
  let stops: (() => Promise<unknown>)[] = [];
  before(async () => {
    cluster = await startCluster();
    client = cluster.client;
    stops = [() => cluster.stop()];
    const nodes = await startSimulatedNodes({ client, count: 1, prefix: "n" });
    stops.push(() => nodes.stop());
    for (const crd of JDOS_DEFINITIONS) await client.create(CustomResourceDefinitions, crd);
    await eventually(async () => {
      const { items } = await client.list(CustomResourceDefinitions);
      assert.equal(
        items.filter(({ status }) => isConditionTrue(status?.conditions, "Established")).length,
        JDOS_DEFINITIONS.length,
      );
    });
    await applyRights(client);
  });
  after(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  const application = async (done: (found: Stored<Application>) => boolean): Promise<Stored<Application>> =>
    eventually(async () => {
      const found = await client.get(Applications, web);
      assert.ok(done(found), JSON.stringify(found.status, undefined, 1));
      return found;
    });
  const runs = (release: number, pods: number) => (found: Stored<Application>) =>
    findCondition(found.status?.conditions, "Ready")?.message ===
    `Release v${release} runs on ${pods} ${pods === 1 ? "Pod" : "Pods"}`;
  const podAddresses = async (): Promise<string[]> => {
    const { items } = await client.list(Pods, {
      namespace: "demo",
      labelSelector: "jdos.io/application=web",
    });
    return items.map(({ status }) => status?.podIP ?? "").sort();
  };
  let counted: ReturnType<typeof counting>;
  /** The controllers have written nothing for three seconds. */
  const quiet = () =>
    eventually(async () => {
      const before = counted.writes.length;
      await sleep(3000);
      assert.equal(counted.writes.length, before);
    });

  it("the platform controllers bring an application up with their own rights, scale and release it", async () => {
    const user = { name: "system:serviceaccount:jdos-system:platform-controllers" };
    counted = counting(client.impersonate(user));
    const controllers = await startPlatformControllers({ client: counted.client, log });
    stops.push(() => controllers.stop());
    await client.create(Systems, { metadata: { name: "demo" }, spec: { quota: { pods: 20 } } });
    await eventually(async () =>
      assert.ok(isConditionTrue((await client.get(Systems, { name: "demo" })).status?.conditions, "Ready")),
    );
    await client.create(Applications, {
      metadata: web,
      spec: { source: { image: { reference: `${IMAGE}${"a".repeat(64)}` } } },
    });
    await application(runs(1, 1));
    await client.patch(Applications, web, { type: "merge", body: { spec: { replicas: 3 } } });
    await application(runs(1, 3));
    const source = { image: { reference: `${IMAGE}${"b".repeat(64)}` } };
    await client.patch(Applications, web, { type: "merge", body: { spec: { source } } });
    await application(runs(2, 3));
  });

  it("the platform controllers write nothing while nothing changes", async () => {
    await quiet();
    counted.writes.length = 0;
    // Each of these wakes the controllers.
    const body = { metadata: { annotations: { "example.com/touched": "yes" } } };
    for (const type of [Applications, Deployments, Services, Ingresses] as (typeof Applications)[])
      await client.patch(type, web, { type: "merge", body });
    await client.patch(Systems, { name: "demo" }, { type: "merge", body });
    await sleep(3000);
    assert.deepEqual(counted.writes, []);
  });

  it("the name server answers from the cluster's Services and slices", async () => {
    const dns = await startDns({ client, log, listen: ["127.0.0.1"], port: 0, upstreams: [] });
    stops.push(() => dns.stop());
    await dns.synced;
    await client.create(Services, {
      metadata: { ...web, name: "peers" },
      spec: { clusterIP: "None", selector: { "jdos.io/application": "web" }, ports: [{ port: 8080 }] },
    });
    const found = async (name: string) => {
      const { answers } = await ask({ port: dns.port, name: `${name}.demo.svc.cluster.local`, type: "A" });
      return answers.map((answer) => (answer as { data: string }).data).sort();
    };
    await eventually(async () => assert.deepEqual(await found("peers"), await podAddresses()));
    const { spec } = await client.get(Services, web);
    assert.deepEqual(await found("web"), [spec?.clusterIP]);
  });

  it("the load balancer follows the cluster's routes and slices, and says so", async () => {
    const directory = await mkdtemp(join(tmpdir(), "jdos-lb-"));
    stops.push(() => rm(directory, { recursive: true, force: true }));
    const httpPort = await freePort();
    const options = { client, log, configDirectory: directory, httpPort };
    const balancer = await startLoadBalancer(options);
    stops.push(() => balancer.stop());
    const haproxy = await runHaproxy(directory);
    stops.push(() => haproxy.stop());
    await eventually(async () => {
      const { metadata, status } = await client.get(Ingresses, web);
      assert.equal(status?.loadBalancer?.ingress?.[0]?.ip, "127.0.0.1");
      assert.deepEqual(metadata.annotations?.[ROUTED_TO_ANNOTATION]?.split(",").sort(), await podAddresses());
    });
  });

  it("the scheduler binds, as a second one, the Pods that name it", async () => {
    const scheduler = await startScheduler({ client, log, schedulerName: "jdos" });
    stops.push(() => scheduler.stop());
    await client.create(Pods, {
      metadata: { namespace: "default", name: "ours" },
      spec: { schedulerName: "jdos", containers: [{ name: "c", image: "i" }] },
    });
    const fits = (name: string) => client.get(Pods, { namespace: "default", name });
    await eventually(async () => assert.equal((await fits("ours")).spec?.nodeName, "n-0"));
    await client.create(Pods, {
      metadata: { namespace: "default", name: "large" },
      spec: {
        schedulerName: "jdos",
        containers: [{ name: "c", image: "i", resources: { requests: { cpu: "64" } } }],
      },
    });
    await eventually(async () => {
      const condition = findCondition((await fits("large")).status?.conditions, "PodScheduled");
      assert.equal(condition?.reason, "Unschedulable");
    });
  });

  it("one of two candidates leads, and the other after it", async () => {
    const led: string[] = [];
    const candidate = (identity: string, signal: AbortSignal) =>
      runAsLeader(
        { client, log, namespace: "default", name: "parts", identity, retrySeconds: 0.2 },
        async (leading) => {
          led.push(identity);
          await new Promise<void>((resolve) => leading.addEventListener("abort", () => resolve()));
        },
        signal,
      );
    const [first, second] = [new AbortController(), new AbortController()];
    const one = candidate("one", first.signal);
    await eventually(async () => assert.deepEqual(led, ["one"]));
    const two = candidate("two", second.signal);
    await sleep(1000);
    assert.deepEqual(led, ["one"]);
    first.abort();
    await one;
    await eventually(async () => assert.deepEqual(led, ["one", "two"]));
    second.abort();
    await two;
  });

  it("an application that is deleted takes everything with it, and a System its Namespace", async () => {
    await client.delete(Applications, web);
    await eventually(async () => {
      for (const type of [Deployments, Services, Ingresses, Releases] as (typeof Releases)[]) {
        const { items } = await client.list(type, { namespace: "demo" });
        assert.deepEqual(
          items.map(({ metadata }) => metadata.name).filter((name) => name !== "peers"),
          [],
        );
      }
      assert.deepEqual(await podAddresses(), []);
    }, COLLECTED_MILLIS);
    await client.delete(Systems, { name: "demo" });
    await eventually(async () => {
      const gone = (error: unknown) => isStatus(error, "NotFound");
      await assert.rejects(client.get(Systems, { name: "demo" }), gone);
      await assert.rejects(client.get(Namespaces, { name: "demo" }), gone);
    }, COLLECTED_MILLIS);
  });
});
