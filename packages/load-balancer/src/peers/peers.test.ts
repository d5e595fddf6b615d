import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  APPLICATION_LABEL,
  CANARY_ANNOTATION,
  CANARY_TRAFFIC_ANNOTATION,
  CANARY_WEIGHT_ANNOTATION,
  type CanaryTraffic,
  EndpointSlices,
  Ingresses,
  ROUTED_TO_ANNOTATION,
  readCanaryTraffic,
  Services,
} from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import type { Running } from "@jdos/component-base";
import { eventually, silentLogger } from "@jdos/component-base/testing";
import type { Listenings } from "../model/listening.ts";
import { start } from "../start.ts";
import { freePort, type RunningHaproxy, runHaproxy } from "../testing/index.ts";
import { startPeerServer } from "./peer-server.ts";

const namespace = "default";
/** Where another replica is. */
const OTHER = "127.0.0.2";
const service = { namespace, name: "replicas" };
let directory: string;
let server: TestServer;
let client: Client;
let balancer: Running;
let haproxy: RunningHaproxy;
/** Where another replica says that the routes of "web" lead; that of a real one would lag for a moment. */
let otherLeadsTo: string | undefined;
/** How another replica says that it listens. */
let otherListens: Listenings = {};
/** What another replica says that came of shared requests. */
let otherTraffic: CanaryTraffic | undefined;
let other: Running & { port: number };

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-peers-"));
  server = await startTestServer();
  client = server.adminClient();
  other = await startPeerServer({
    host: OTHER,
    port: 0,
    routedTo: () => otherLeadsTo,
    listening: () => otherListens,
    traffic: () => otherTraffic,
  });
  const listen = { host: "127.0.0.1", port: await freePort() };
  await addSlice("replicas", listen.port);
  await addSlice("replicas", other.port, OTHER);
  const httpPort = await freePort();
  const options = { client, log: silentLogger(), configDirectory: directory, httpPort };
  balancer = await start({ ...options, serviceAddresses: "replicas", peers: { listen, service } });
  haproxy = await runHaproxy(directory);
});

after(async () => {
  await balancer?.stop();
  await other?.stop();
  await haproxy?.stop();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function addSlice(name: string, port: number, address = "127.0.0.1"): Promise<void> {
  await client.create(EndpointSlices, {
    metadata: { generateName: `${name}-`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "http", port, protocol: "TCP" }],
  });
}

test("routes are said to lead to Pods when they do on every replica, and not sooner", async () => {
  await client.create(Services, {
    metadata: { name: "web", namespace },
    spec: { ports: [{ name: "http", port: 80 }] },
  });
  await addSlice("web", 9);
  const backend = { service: { name: "web", port: { number: 80 } } };
  await client.create(Ingresses, {
    metadata: { name: "web", namespace, labels: { [APPLICATION_LABEL]: "web" } },
    spec: {
      ingressClassName: "jdos",
      rules: [{ host: "web.test", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  });
  const said = async () => {
    const { metadata, status } = await client.get(Ingresses, { namespace, name: "web" });
    const address = status?.loadBalancer?.ingress?.[0]?.ip;
    return { address, routedTo: metadata.annotations?.[ROUTED_TO_ANNOTATION] };
  };
  const until = (wanted: { address?: string; routedTo?: string }) =>
    eventually(async () => assert.deepEqual(await said(), { routedTo: undefined, ...wanted }));
  await until({ address: "127.0.0.1" });
  await sleep(500);
  assert.equal((await said()).routedTo, undefined, "the other replica does not know the routes yet");
  otherLeadsTo = "127.0.0.2";
  await sleep(500);
  assert.equal((await said()).routedTo, undefined, "the other replica leads to an earlier Pod");
  otherLeadsTo = "127.0.0.1";
  await until({ address: "127.0.0.1", routedTo: "127.0.0.1" });
});

test("what came of a canary is the sum of all replicas, and is not said before all lead by one weight", async () => {
  const backend = { service: { name: "web", port: { number: 80 } } };
  const annotations = { [CANARY_ANNOTATION]: "true", [CANARY_WEIGHT_ANNOTATION]: "20" };
  await client.create(Ingresses, {
    metadata: { name: "web-canary", namespace, annotations },
    spec: {
      ingressClassName: "jdos",
      rules: [{ host: "web.test", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  });
  const said = async () => {
    const { metadata } = await client.get(Ingresses, { namespace, name: "web-canary" });
    return readCanaryTraffic(metadata.annotations?.[CANARY_TRAFFIC_ANNOTATION]);
  };
  const canary = { requests: 7, errors: 1 };
  const stable = { requests: 30, errors: 0 };
  otherTraffic = { weight: 10, canary, stable };
  await sleep(2500);
  assert.equal(await said(), undefined, "the other replica leads by an earlier weight");
  otherTraffic = { weight: 20, canary, stable };
  await eventually(async () => assert.deepEqual(await said(), { weight: 20, canary, stable }));
});

test("a Service of type LoadBalancer answers at the addresses of the replicas that listen at its ports", async () => {
  const port = await freePort();
  await client.create(Services, {
    metadata: { name: "tcp", namespace },
    spec: { type: "LoadBalancer", ports: [{ port }] },
  });
  const said = async () => {
    const { status } = await client.get(Services, { namespace, name: "tcp" });
    return status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? [];
  };
  const until = (wanted: string[]) => eventually(async () => assert.deepEqual(await said(), wanted));
  await until(["127.0.0.1"]);
  otherListens = { [`${namespace}/tcp`]: { ports: `TCP/${port}`, all: true } };
  await until(["127.0.0.1", OTHER]);
  // Kubernetes' own ports are left alone, though nobody here listens at this one.
  await client.patch(
    Services,
    { namespace, name: "tcp" },
    { type: "merge", body: { spec: { ports: [{ port: 10_250 }] } } },
  );
  otherListens = { [`${namespace}/tcp`]: { ports: "TCP/10250", all: false } };
  await until([]);
});
