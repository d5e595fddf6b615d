import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EndpointSlices, Endpoints, Namespaces, type Pod, Pods, type Service, Services } from "@jdos/api";
import { startTestServer } from "@jdos/apiserver/testing";
import type { Client, Stored } from "@jdos/client";
import { createLogger, systemClock } from "@jdos/component-base";
import { createManager, type Manager } from "@jdos/controller-runtime";
import { endpointsController } from "../endpoints/controller.ts";
import { endpointSliceController } from "./controller.ts";

let server: Awaited<ReturnType<typeof startTestServer>>;
let manager: Manager;
let client: Client;
const namespace = "work";

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
  await client.create(Namespaces, { metadata: { name: namespace } });
  manager = createManager({ client, log: createLogger({ name: "test", level: "error" }) });
  manager.add(endpointSliceController({ clock: systemClock }));
  manager.add(endpointsController());
  await manager.start();
});

after(async () => {
  await manager?.stop();
  await server?.stop();
});

function createService(name: string, spec: Partial<Service["spec"]> = {}): Promise<Stored<Service>> {
  const ports = [{ name: "http", port: 80, targetPort: "web" }];
  return client.create(Services, {
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports, ...spec },
  });
}

interface PodSketch {
  app: string;
  ip: string;
  ready?: boolean;
  port?: number;
}

async function createPod(name: string, { app, ip, ready = true, port = 8080 }: PodSketch): Promise<void> {
  const container = { name: "app", image: "app:1", ports: [{ name: "web", containerPort: port }] };
  const pod: Pod = {
    metadata: { name, namespace, labels: { app }, finalizers: ["test.jdos.io/hold"] },
    spec: { nodeName: "n1", containers: [container] },
  };
  await client.create(Pods, pod);
  await setReady(name, ip, ready);
}

async function setReady(name: string, ip: string, ready: boolean): Promise<void> {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  const body = { status: { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions } };
  await client.patch(Pods, { namespace, name }, { type: "merge", body }, { subresource: "status" });
}

/** "address state" of each endpoint, sorted. */
async function seen(service: string): Promise<string[]> {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  const { items } = await client.list(EndpointSlices, { namespace, labelSelector });
  const lines = items.flatMap(({ endpoints = [], ports = [] }) =>
    endpoints.map(({ addresses, conditions }) => {
      const flags = Object.entries(conditions ?? {}).filter(([, value]) => value === true);
      return `${addresses[0]}:${ports[0]?.port} ${flags.map(([flag]) => flag).sort()}`;
    }),
  );
  return lines.sort();
}

async function expectEndpoints(service: string, wanted: string[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const now = await seen(service);
    if (JSON.stringify(now) === JSON.stringify(wanted) || Date.now() > deadline)
      return assert.deepEqual(now, wanted);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function expectEndpoint(service: string, wanted: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await seen(service)).includes(wanted); ) {
    assert.ok(Date.now() < deadline, `no "${wanted}" in time`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("endpointSliceController() follows a Pod from not ready to gone", async () => {
  await createService("web");
  await createPod("web-1", { app: "web", ip: "10.0.0.1", ready: false });
  await expectEndpoints("web", ["10.0.0.1:8080 "]);
  await setReady("web-1", "10.0.0.1", true);
  await expectEndpoints("web", ["10.0.0.1:8080 ready,serving"]);
  await client.delete(Pods, { namespace, name: "web-1" }, { gracePeriodSeconds: 30 });
  await expectEndpoints("web", ["10.0.0.1:8080 serving,terminating"]);
  const body = { metadata: { finalizers: null } };
  await client.patch(Pods, { namespace, name: "web-1" }, { type: "merge", body });
  await client.delete(Pods, { namespace, name: "web-1" }, { gracePeriodSeconds: 0 });
  await expectEndpoints("web", []);
});

test("endpointSliceController() puts Pods with other port numbers in slices of their own", async () => {
  await createService("mixed");
  await createPod("mixed-1", { app: "mixed", ip: "10.0.1.1" });
  await createPod("mixed-2", { app: "mixed", ip: "10.0.1.2", port: 9090 });
  await expectEndpoints("mixed", ["10.0.1.1:8080 ready,serving", "10.0.1.2:9090 ready,serving"]);
});

test("endpointSliceController() shows Pods that are not ready when the Service says so", async () => {
  await createService("early", { publishNotReadyAddresses: true });
  await createPod("early-1", { app: "early", ip: "10.0.2.1", ready: false });
  await expectEndpoints("early", ["10.0.2.1:8080 ready"]);
});

test("endpointSliceController() removes the slices of a Service that is gone", async () => {
  await createService("brief");
  await createPod("brief-1", { app: "brief", ip: "10.0.3.1" });
  await expectEndpoints("brief", ["10.0.3.1:8080 ready,serving"]);
  await client.delete(Services, { namespace, name: "brief" });
  await expectEndpoints("brief", []);
});

test("endpointsController() shows a thousand addresses, and says when there are more", async () => {
  await createService("wide");
  const names = Array.from({ length: 1001 }, (_, index) => `wide-${index}`);
  await Promise.all(
    names.map((name, index) => createPod(name, { app: "wide", ip: `10.1.${index >> 8}.${index & 255}` })),
  );
  await manager.idle();
  const key = { namespace, name: "wide" };
  const wide = await client.get(Endpoints, key);
  assert.equal(wide.subsets?.[0]?.addresses?.length, 1000);
  assert.equal(wide.metadata.annotations?.["endpoints.kubernetes.io/over-capacity"], "truncated");
  assert.equal((await seen("wide")).length, 1001);

  await setReady("wide-1000", "10.1.3.232", false);
  await expectEndpoint("wide", "10.1.3.232:8080 ");
  await manager.idle();
  const { subsets } = await client.get(Endpoints, key);
  assert.equal(subsets?.[0]?.notReadyAddresses, undefined, "what is ready comes first");

  const body = { metadata: { finalizers: null } };
  await client.patch(Pods, { namespace, name: "wide-1000" }, { type: "merge", body });
  await client.delete(Pods, { namespace, name: "wide-1000" }, { gracePeriodSeconds: 0 });
  await manager.idle();
  const narrow = await client.get(Endpoints, key);
  assert.equal(narrow.subsets?.[0]?.addresses?.length, 1000);
  assert.equal(narrow.metadata.annotations?.["endpoints.kubernetes.io/over-capacity"], undefined);
});

test("endpointsController() keeps ready and other addresses apart", async () => {
  await createService("old");
  await createPod("old-1", { app: "old", ip: "10.0.4.1" });
  await createPod("old-2", { app: "old", ip: "10.0.4.2", ready: false });
  await expectEndpoints("old", ["10.0.4.1:8080 ready,serving", "10.0.4.2:8080 "]);
  await manager.idle();
  const { subsets } = await client.get(Endpoints, { namespace, name: "old" });
  assert.deepEqual(
    subsets?.[0]?.addresses?.map(({ ip }) => ip),
    ["10.0.4.1"],
  );
  assert.deepEqual(
    subsets?.[0]?.notReadyAddresses?.map(({ ip }) => ip),
    ["10.0.4.2"],
  );
  assert.deepEqual(subsets?.[0]?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
});
