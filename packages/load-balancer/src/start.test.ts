import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  CANARY_ANNOTATION,
  CANARY_TRAFFIC_ANNOTATION,
  CANARY_WEIGHT_ANNOTATION,
  EndpointSlices,
  Events,
  Ingresses,
  readCanaryTraffic,
  Services,
} from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import type { Running } from "@jdos/component-base";
import { eventually, silentLogger } from "@jdos/component-base/testing";
import { start } from "./start.ts";
import { type EchoServer, freePort, type RunningHaproxy, runHaproxy, startEcho } from "./testing/index.ts";

const namespace = "default";
let directory: string;
let httpPort: number;
let server: TestServer;
let client: Client;
let balancer: Running;
let haproxy: RunningHaproxy;
const echoes: EchoServer[] = [];

function begin(): Promise<Running> {
  return start({ client, log: silentLogger(), configDirectory: directory, httpPort });
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-lb-"));
  httpPort = await freePort();
  server = await startTestServer();
  client = server.adminClient();
  for (const name of ["one", "two"]) echoes.push(await startEcho(name));
  balancer = await begin();
  haproxy = await runHaproxy(directory);
});

after(async () => {
  await balancer?.stop();
  await haproxy?.stop();
  for (const echo of echoes) await echo.stop();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Answer {
  status: number;
  body: string;
}

function ask(host: string, port = httpPort): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, headers: { host }, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** A Service whose endpoints are these servers of the host, in slices of their own since a slice has one port. */
async function addService(name: string, servers: EchoServer[], spec: object = {}): Promise<void> {
  await client.create(Services, {
    metadata: { name, namespace },
    spec: { ports: [{ name: "http", port: 80 }], ...spec },
  });
  for (const [index, { port }] of servers.entries()) await addSlice(name, `${name}-${index}`, port);
}

async function addSlice(service: string, name: string, port: number): Promise<void> {
  await client.create(EndpointSlices, {
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "http", port, protocol: "TCP" }],
  });
}

async function addRoute(name: string, host: string, service: string, annotations = {}): Promise<void> {
  const backend = { service: { name: service, port: { number: 80 } } };
  await client.create(Ingresses, {
    metadata: { name, namespace, annotations },
    spec: {
      ingressClassName: "jdos",
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  });
}

test("a route leads to the ready endpoints, and says in its status where it answers", async () => {
  await addService("web", [echoes[0]!]);
  await addRoute("web", "web.test", "web");
  await eventually(async () => assert.deepEqual(await ask("web.test"), { status: 200, body: "one /" }));
  await eventually(async () => {
    const { status } = await client.get(Ingresses, { namespace, name: "web" });
    assert.equal(status?.loadBalancer?.ingress?.[0]?.ip, "127.0.0.1");
  });
  assert.equal((await ask("nobody.test")).status, 404);
});

test("an endpoint that terminates gets no new request", async () => {
  await addService("roll", echoes);
  await addRoute("roll", "roll.test", "roll");
  await eventually(async () => {
    const bodies = await Promise.all(Array.from({ length: 8 }, () => ask("roll.test")));
    assert.deepEqual([...new Set(bodies.map(({ body }) => body))].sort(), ["one /", "two /"]);
  });
  await client.patch(
    EndpointSlices,
    { namespace, name: "roll-0" },
    {
      type: "merge",
      body: {
        endpoints: [
          { addresses: ["127.0.0.1"], conditions: { ready: false, serving: true, terminating: true } },
        ],
      },
    },
  );
  await eventually(async () => {
    const bodies = await Promise.all(Array.from({ length: 8 }, () => ask("roll.test")));
    assert.deepEqual([...new Set(bodies.map(({ body }) => body))], ["two /"]);
  });
});

test("a Service of type LoadBalancer listens at its port, and says so", async () => {
  const port = await freePort();
  await addService("tcp", [echoes[1]!], { type: "LoadBalancer", ports: [{ name: "http", port }] });
  await eventually(async () => assert.equal((await ask("any", port)).body, "two /"));
  await eventually(async () => {
    const { status } = await client.get(Services, { namespace, name: "tcp" });
    assert.equal(status?.loadBalancer?.ingress?.[0]?.ip, "127.0.0.1");
  });
});

test("a Service that is no longer of type LoadBalancer no longer says our address", async () => {
  const key = { namespace, name: "tcp" };
  const told = async () => (await client.get(Services, key)).status?.loadBalancer?.ingress;
  assert.equal((await told())?.length, 1);
  await client.patch(Services, key, { type: "merge", body: { spec: { type: "ClusterIP" } } });
  await eventually(async () => assert.equal((await told())?.length ?? 0, 0));
});

test("a port that another process has is refused by an Event, and other changes still arrive", async () => {
  const taken = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
  try {
    await addService("late", [echoes[0]!], { type: "LoadBalancer", ports: [{ name: "http", port }] });
    await eventually(async () => {
      const { items } = await client.list(Events, { namespace });
      const found = items.find(({ involvedObject }) => involvedObject.name === "late");
      assert.match(found?.message ?? "", new RegExp(`${port}`));
    });
    await addRoute("after", "after.test", "web");
    await eventually(async () => assert.equal((await ask("after.test")).body, "one /"));
  } finally {
    taken.close();
    await client.delete(Services, { namespace, name: "late" });
  }
});

test("a canary Ingress takes its share, and is told what came of it", async () => {
  const sick = createHttpServer((_, response) => response.writeHead(500).end());
  await new Promise<void>((resolve) => sick.listen(0, "127.0.0.1", resolve));
  try {
    await addService("stable", [echoes[0]!]);
    await addRoute("stable", "shared.test", "stable");
    await addService("stable-canary", []);
    await addSlice("stable-canary", "stable-canary-0", (sick.address() as AddressInfo).port);
    await eventually(async () => assert.equal((await ask("shared.test")).status, 200));
    await addRoute("stable-canary", "shared.test", "stable-canary", {
      [CANARY_ANNOTATION]: "true",
      [CANARY_WEIGHT_ANNOTATION]: "50",
    });
    const told = async () =>
      readCanaryTraffic(
        (await client.get(Ingresses, { namespace, name: "stable-canary" })).metadata.annotations?.[
          CANARY_TRAFFIC_ANNOTATION
        ],
      );
    await eventually(async () => assert.equal((await told())?.weight, 50));
    let errors = 0;
    for (let count = 0; count < 200; count++) if ((await ask("shared.test")).status === 500) errors++;
    assert.ok(errors > 60 && errors < 140, `${errors} of 200`);
    await eventually(async () =>
      assert.deepEqual(await told(), {
        weight: 50,
        canary: { requests: errors, errors },
        stable: { requests: 200 - errors, errors: 0 },
      }),
    );
    await client.patch(
      Ingresses,
      { namespace, name: "stable-canary" },
      { type: "merge", body: { metadata: { annotations: { [CANARY_WEIGHT_ANNOTATION]: "0" } } } },
    );
    await eventually(async () => assert.equal((await told())?.weight, 0));
    for (let count = 0; count < 20; count++) assert.equal((await ask("shared.test")).status, 200);
  } finally {
    sick.close();
  }
});

test("start() takes over from an earlier life without a request lost", async () => {
  let going = true;
  const failed: unknown[] = [];
  const traffic = (async () => {
    while (going) {
      const answer = await ask("web.test").catch((error: unknown) => error);
      if ((answer as Answer).status !== 200) failed.push(answer);
    }
  })();
  const worker = await haproxy.workerPid();
  await balancer.stop();
  balancer = await begin();
  await addRoute("again", "again.test", "web");
  await eventually(async () => assert.equal((await ask("again.test")).status, 200));
  going = false;
  await traffic;
  assert.deepEqual(failed, []);
  assert.equal(await haproxy.workerPid(), worker);
});

test("an Ingress is told the addresses of the Service before HAProxy, once it has any", async () => {
  await client.create(Services, {
    metadata: { name: "front", namespace },
    spec: { type: "LoadBalancer", loadBalancerClass: "example.org/cloud", ports: [{ port: 80 }] },
  });
  await balancer.stop();
  const publishService = { namespace, name: "front" };
  balancer = await start({
    client,
    log: silentLogger(),
    configDirectory: directory,
    httpPort,
    publishService,
  });
  const told = async () => {
    const { status } = await client.get(Ingresses, { namespace, name: "web" });
    return status?.loadBalancer?.ingress ?? [];
  };
  await eventually(async () => assert.deepEqual(await told(), []));
  const ingress = [{ ip: "192.0.2.7" }, { hostname: "lb.example.org" }];
  await client.patch(
    Services,
    publishService,
    { type: "merge", body: { status: { loadBalancer: { ingress } } } },
    { subresource: "status" },
  );
  await eventually(async () => assert.deepEqual(await told(), ingress));
});

test("a Service is not served at a port that another has on every node", async () => {
  const taken = await client.create(Services, {
    metadata: { name: "on-nodes", namespace },
    spec: { type: "NodePort", ports: [{ port: 80 }] },
  });
  const port = taken.spec?.ports?.[0]?.nodePort ?? 0;
  assert.ok(port > 0);
  await addService("thief", [echoes[0]!], { type: "LoadBalancer", ports: [{ name: "http", port }] });
  await eventually(async () => {
    const { items } = await client.list(Events, { namespace });
    const found = items.find(({ involvedObject }) => involvedObject.name === "thief");
    assert.equal(found?.reason, "PortUnavailable");
  });
});
