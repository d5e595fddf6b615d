import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type EndpointSlice, EndpointSlices, type Service, Services } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { createLogger, instanceNames } from "@jdos/component-base";
import { eventually, testInstance } from "@jdos/component-base/testing";
import { purge, type RunningServiceProxy, start } from "./start.ts";
import { startTestHost, type TestHost, type TestPod } from "./testing/index.ts";

const INSTANCE = testInstance();
const { pods: podRange, services, tables } = instanceNames(INSTANCE);
const NET = podRange.range.replace("0.0/16", "").replaceAll(".", "\\.");
const VIP = services.range.replace("0.0/16", "0.100");
const namespace = "default";
let server: TestServer;
let client: Client;
let host: TestHost;
let pods: TestPod[];
let proxy: RunningServiceProxy;
const errors: string[] = [];
const log = createLogger({
  name: "test",
  level: "error",
  destination: { write: (line) => void errors.push(line) },
});

before(async () => {
  server = await startTestServer({ options: { serviceCidr: services.range } });
  client = server.adminClient();
  host = await startTestHost(INSTANCE);
  pods = await Promise.all(
    [11, 12, 13].map((last) => host.addPod(podRange.range.replace("0.0/16", `0.${last}`))),
  );
  for (const [index, pod] of pods.entries()) {
    await pod.serve({ port: 8080, name: `pod${index}` });
    await pod.serve({ port: 8053, name: `pod${index}`, protocol: "udp" });
  }
  proxy = await begin();
});

after(async () => {
  await proxy.stop();
  await host.close();
  await server.stop();
  assert.deepEqual(errors, [], "every change was applied in place");
});

afterEach(async () => {
  await client.deleteCollection(Services, { namespace });
  await client.deleteCollection(EndpointSlices, { namespace });
});

function begin(): Promise<RunningServiceProxy> {
  return start({ instance: INSTANCE, client, log, nodeName: "n1", ...host, run: host.run });
}

async function addService(spec: Service["spec"] = {}, name = "web"): Promise<void> {
  await client.create(Services, {
    metadata: { name, namespace },
    spec: {
      clusterIP: VIP,
      ports: [
        { name: "http", port: 80, targetPort: 8080, protocol: "TCP" },
        { name: "dns", port: 53, targetPort: 8053, protocol: "UDP" },
      ],
      ...spec,
    },
  });
}

type Endpoints = EndpointSlice["endpoints"];

function endpoint(pod: TestPod, conditions: object = { ready: true }, nodeName = "n1"): Endpoints[number] {
  return { addresses: [pod.address], conditions, nodeName };
}

async function putEndpoints(endpoints: Endpoints, name = "web"): Promise<void> {
  const slice: EndpointSlice = {
    metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints,
    ports: [
      { name: "http", port: 8080, protocol: "TCP" },
      { name: "dns", port: 8053, protocol: "UDP" },
    ],
  };
  const old = await client.list(EndpointSlices, { namespace });
  if (old.items.length === 0) await client.create(EndpointSlices, slice);
  else await client.update(EndpointSlices, slice);
}

/** Waits for the rules to lead there. */
const comesTo = (ask: () => Promise<string>, wanted: RegExp): Promise<void> =>
  eventually(async () => assert.match(await ask(), wanted));

async function names(ask: () => Promise<string>, times: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: times }, ask));
  return [...new Set(answers.map((answer) => answer.split(" ")[0]!))].sort();
}

test("a Pod reaches the endpoints of a cluster address, with its own address", async () => {
  await addService();
  await putEndpoints([endpoint(pods[1]!), endpoint(pods[2]!)]);
  await comesTo(() => pods[0]!.hears(VIP, 80), new RegExp(`^pod[12] ${NET}0\\.11$`));
  await comesTo(() => pods[0]!.hears(VIP, 53, "udp"), new RegExp(`^pod[12] ${NET}0\\.11$`));
  assert.deepEqual(await names(() => pods[0]!.hears(VIP, 80), 24), ["pod1", "pod2"]);
});

test("the host reaches the endpoints of a cluster address", async () => {
  await addService();
  await putEndpoints([endpoint(pods[1]!)]);
  await comesTo(() => host.hears(VIP, 80), new RegExp(`^pod1 ${NET}0\\.1$`));
  await comesTo(() => host.hears(VIP, 53, "udp"), new RegExp(`^pod1 ${NET}0\\.1$`));
});

test("a Pod reaches itself through its Service", async () => {
  await addService();
  await putEndpoints([endpoint(pods[0]!)]);
  await comesTo(() => pods[0]!.hears(VIP, 80), new RegExp(`^pod0 ${NET}0\\.1$`));
});

test("a Pod and the host reach a server on the gateway's address through a Service", async () => {
  await host.serve({ address: host.gateway, port: 8080, name: "host" });
  await addService();
  await putEndpoints([{ addresses: [host.gateway], conditions: { ready: true } }]);
  await comesTo(() => pods[0]!.hears(VIP, 80), new RegExp(`^host ${NET}0\\.11$`));
  await comesTo(() => host.hears(VIP, 80), /^host /);
});

test("endpoints come and go in place", async () => {
  await addService();
  await putEndpoints(pods.slice(0, 1).map((pod) => endpoint(pod)));
  await comesTo(() => host.hears(VIP, 80), /^pod0/);
  await putEndpoints(pods.map((pod) => endpoint(pod)));
  await comesTo(async () => (await names(() => host.hears(VIP, 80), 24)).join(), /^pod0,pod1,pod2$/);
  await putEndpoints([endpoint(pods[0]!, { ready: false }), endpoint(pods[2]!)]);
  await comesTo(async () => (await names(() => host.hears(VIP, 80), 12)).join(), /^pod2$/);
});

test("a Service without endpoints, and a port nobody opened, refuse at once", async () => {
  await addService();
  await putEndpoints([endpoint(pods[1]!, { ready: false })]);
  await comesTo(() => pods[0]!.hears(VIP, 80), /^ECONNREFUSED$/);
  assert.equal(await host.hears(VIP, 80), "ECONNREFUSED");
  assert.equal(await pods[0]!.hears(VIP, 9999), "ECONNREFUSED");
  // The kernel bounds its ICMP answers (net.ipv4.icmp_msgs_per_sec), so one of them may be left out.
  await comesTo(() => pods[0]!.hears(VIP, 53, "udp"), /^ECONNREFUSED$/);
});

test("endpoints that terminate serve while there are no others", async () => {
  await addService();
  const leaving = { ready: false, serving: true, terminating: true };
  await putEndpoints([endpoint(pods[1]!, leaving), endpoint(pods[2]!, { ready: false, serving: false })]);
  await comesTo(() => pods[0]!.hears(VIP, 80), /^pod1/);
  await putEndpoints([endpoint(pods[1]!, leaving), endpoint(pods[2]!)]);
  await comesTo(async () => (await names(() => pods[0]!.hears(VIP, 80), 12)).join(), /^pod2$/);
});

test("a node port leads to the endpoints, from Pods and from the host", async () => {
  await addService({ type: "NodePort", ports: [{ name: "http", port: 80, nodePort: 30080 }] });
  await putEndpoints([endpoint(pods[1]!)]);
  await comesTo(() => host.hears(host.gateway, 30080), /^pod1/);
  await comesTo(() => pods[0]!.hears(host.gateway, 30080), new RegExp(`^pod1 ${NET}0\\.11$`));
});

test("traffic policy Local keeps to the endpoints of this node", async () => {
  await addService({ internalTrafficPolicy: "Local" });
  await putEndpoints([endpoint(pods[1]!), endpoint(pods[2]!, { ready: true }, "n2")]);
  await comesTo(async () => (await names(() => pods[0]!.hears(VIP, 80), 12)).join(), /^pod1$/);
});

test("session affinity keeps a client at one endpoint", async () => {
  await addService({ sessionAffinity: "ClientIP" });
  await putEndpoints(pods.map((pod) => endpoint(pod)));
  await comesTo(() => pods[0]!.hears(VIP, 80), /^pod/);
  assert.equal((await names(() => pods[0]!.hears(VIP, 80), 16)).length, 1);
});

test("a deleted Service leads nowhere and leaves no element", async () => {
  await addService();
  await putEndpoints([endpoint(pods[1]!)]);
  await comesTo(() => host.hears(VIP, 80), /^pod1/);
  await client.delete(Services, { namespace, name: "web" });
  await comesTo(() => host.hears(VIP, 80), /^ECONNREFUSED$/);
  const { stdout } = await host.run(["nft", "list", "table", "inet", tables.services]);
  assert.doesNotMatch(stdout, /elements/);
});

test("start() takes over the rules of an earlier run without an interruption", async () => {
  await addService();
  await putEndpoints([endpoint(pods[1]!)]);
  await comesTo(() => host.hears(VIP, 80), /^pod1/);
  await proxy.stop();
  assert.match(await pods[0]!.hears(VIP, 80), /^pod1/);
  const answers: Promise<string>[] = [];
  const asking = (async () => {
    for (let count = 0; count < 30; count++) {
      answers.push(pods[0]!.hears(VIP, 80));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  proxy = await begin();
  await asking;
  for (const answer of await Promise.all(answers)) assert.match(answer, /^pod1/);
});

test("a UDP client that keeps its port follows when the endpoint changes", async () => {
  await addService();
  await putEndpoints([endpoint(pods[1]!)]);
  await comesTo(() => host.hears(VIP, 53, "udp"), /^pod1/);
  const program = `const u=require("dgram").createSocket("udp4");u.on("message",(m)=>console.log(String(m)));setInterval(()=>u.send("?",53,"${VIP}"),50);setTimeout(()=>process.exit(),2500)`;
  const client = host.run([process.execPath, "-e", program]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  await putEndpoints([endpoint(pods[2]!)]);
  const lines = (await client).stdout.trim().split("\n");
  assert.match(lines[0]!, /^pod1/);
  assert.match(lines[lines.length - 1]!, /^pod2/);
});

test("purge() removes the table", async () => {
  await proxy.stop();
  await purge({ instance: INSTANCE, ...host, run: host.run });
  assert.doesNotMatch((await host.run(["nft", "list", "tables"])).stdout, new RegExp(tables.services));
  proxy = await begin();
});
