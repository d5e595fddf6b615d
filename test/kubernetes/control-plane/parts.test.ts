/** The parts of the platform on a control plane of Kubernetes 1.20, each with what it has there. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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
import {
  findCondition,
  isConditionTrue,
  isStatus,
  type KubeObject,
  parseApiVersion,
  type ResourceType,
} from "@jdos/apimachinery";
import { runCli } from "@jdos/cli/testing";
import { type Client, readJson, type Stored } from "@jdos/client";
import { silentLogger } from "@jdos/component-base/testing";
import { start as startDns } from "@jdos/dns";
import { ask } from "@jdos/dns/testing";
import { start as startLoadBalancer } from "@jdos/load-balancer";
import { freePort, runHaproxy } from "@jdos/load-balancer/testing";
import { start as startPlatformControllers } from "@jdos/platform-controllers";
import { applyRights } from "@jdos/platform-controllers/testing";
import { start as startScheduler } from "@jdos/scheduler";
import { parseAllDocuments } from "yaml";
import { startSimulatedNodes } from "../../../bench/support/simulated-nodes.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";

const IMAGE = "registry.jdos.internal/demo/web@sha256:";
const web = { namespace: "demo", name: "web" };
const log = silentLogger();
const WAIT_MILLIS = 90_000;
const COLLECTED_MILLIS = 90_000;

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
const STRICT = { fieldValidation: "Strict" } as const;
const CALLS = [...WRITES, "get", "list", "watch", "createSubresource", "raw", "connect"];

/** The same client, with its writes noted, and every object to be taken whole. */
function strict(client: Client): { client: Client; writes: string[] } {
  const writes: string[] = [];
  const calls = client as unknown as Record<string, (...args: unknown[]) => unknown>;
  const counted = CALLS.map((call) => [
    call,
    (...args: unknown[]) => {
      const { kind } = args[0] as { kind?: string };
      if (WRITES.includes(call) && kind !== "Event") writes.push(`${call} ${kind}`);
      if (call === "create" || call === "update") args[2] = { ...(args[2] as object), ...STRICT };
      return calls[call]!(...args);
    },
  ]);
  return { client: Object.fromEntries(counted) as Client, writes };
}

interface Listed {
  name: string;
  kind: string;
  namespaced: boolean;
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
    for (const crd of JDOS_DEFINITIONS) await client.create(CustomResourceDefinitions, crd, STRICT);
    await eventually(async () => {
      const { items } = await client.list(CustomResourceDefinitions);
      assert.equal(
        items.filter(({ status }) => isConditionTrue(status?.conditions, "Established")).length,
        JDOS_DEFINITIONS.length,
      );
    });
    // Its garbage collector looks for new Kinds at its start, and then only every 30 s.
    await cluster.program("kube-controller-manager").restart();
    await applyRights(strict(client).client);
  });
  after(async () => {
    for (const stop of stops.reverse()) await stop();
  });

  /** As the API server itself says. */
  const typeOf = async ({ apiVersion = "", kind = "" }: KubeObject): Promise<ResourceType> => {
    const { group, version } = parseApiVersion(apiVersion);
    const path = `${group === "" ? "/api" : "/apis"}/${apiVersion}`;
    const { resources } = await readJson<{ resources: Listed[] }>(client, { path });
    const { name, namespaced } = resources.find((each) => each.kind === kind && !each.name.includes("/"))!;
    return { group, version, resource: name, kind, namespaced };
  };
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
  let counted: ReturnType<typeof strict>;
  /** The controllers have written nothing for three seconds. */
  const quiet = () =>
    eventually(async () => {
      const before = counted.writes.length;
      await sleep(3000);
      assert.equal(counted.writes.length, before);
    });

  it("every object of an installation is taken whole", async () => {
    const directory = await mkdtemp(join(tmpdir(), "jdos-install-"));
    stops.push(() => rm(directory, { recursive: true, force: true }));
    const at = (name: string) => `127.0.0.1:5000/jdos/${name}@sha256:${"a".repeat(64)}`;
    const file = join(directory, "images");
    await writeFile(file, JSON.stringify({ images: { platform: at("platform"), base: at("base") } }));
    const registry = ["--registry", "127.0.0.1:5000/team", "--images", file];
    const target = ["--kubeconfig", cluster.kubeconfig, "--dry-run"];
    const { stdout, stderr, exitCode } = await runCli(["install", ...registry, ...target], undefined);
    assert.equal(exitCode, 0, stderr);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubeObject);
    assert.ok(objects.some(({ kind }) => kind === "PodDisruptionBudget"));
    const options = { fieldManager: "parts", force: true, dryRun: true, ...STRICT };
    for (const object of objects) {
      const { namespace, name = "" } = object.metadata ?? {};
      const key = { name, ...(namespace === undefined ? {} : { namespace }) };
      await client.patch(await typeOf(object), key, { type: "apply", body: object }, options);
    }
  });

  it("the platform controllers bring an application up with their own rights, scale and release it", async () => {
    const user = { name: "system:serviceaccount:jdos-system:platform-controllers" };
    counted = strict(client.impersonate(user));
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
    // Each of these wakes the controllers; annotations of a Deployment would begin a new generation of it.
    const body = { metadata: { labels: { "example.com/touched": "yes" } } };
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
