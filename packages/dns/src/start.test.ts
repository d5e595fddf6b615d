import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type EndpointSlice, EndpointSlices, type Service, Services } from "@jdos/api";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client } from "@jdos/client";
import { eventually, silentLogger } from "@jdos/component-base/testing";
import dnsPacket from "dns-packet";
import { type RunningDns, start } from "./start.ts";
import { ask, exchangeUdp, type FakeUpstream, type Reply, startFakeUpstream } from "./testing/index.ts";

const namespace = "default";
let server: TestServer;
let client: Client;
let upstream: FakeUpstream;
let dns: RunningDns;

before(async () => {
  server = await startTestServer();
  client = server.adminClient();
  upstream = await startFakeUpstream();
  dns = await start({
    client,
    log: silentLogger(),
    listen: ["127.0.0.1"],
    port: 0,
    reverseCidrs: ["10.64.0.0/16", "10.128.0.0/16"],
    upstreams: [{ address: upstream.address, port: upstream.port }],
  });
  await dns.synced;
});

after(async () => {
  await dns.stop();
  upstream.close();
  await server.stop();
});

afterEach(async () => {
  await client.deleteCollection(Services, { namespace });
  await client.deleteCollection(EndpointSlices, { namespace });
});

function lookUp(name: string, type = "A", more: { tcp?: boolean; ednsBytes?: number } = {}): Promise<Reply> {
  return ask({ port: dns.port, name, type, ...more });
}

/** The answers of a type as text, in order. */
async function found(name: string, type = "A"): Promise<string[]> {
  const { answers } = await lookUp(name, type);
  return answers
    .map(({ data }) =>
      typeof data === "object" && !Array.isArray(data) ? JSON.stringify(data) : String(data),
    )
    .sort();
}

async function addService(name: string, spec: Service["spec"]): Promise<void> {
  await client.create(Services, { metadata: { name, namespace }, spec });
}

async function addSlice(
  service: string,
  endpoints: EndpointSlice["endpoints"],
  name = `${service}-1`,
): Promise<void> {
  await client.create(EndpointSlices, {
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints,
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  });
}

const PORTS = [{ name: "http", port: 80 }];
const SVC = `${namespace}.svc.cluster.local`;

test("a cluster address has A, SRV and PTR records", async () => {
  await addService("web", { clusterIP: "10.128.0.7", ports: PORTS });
  await eventually(async () => assert.deepEqual(await found(`web.${SVC}`), ["10.128.0.7"]));
  const srv = await lookUp(`_http._tcp.web.${SVC}`, "SRV");
  assert.deepEqual(srv.answers[0]?.data, { priority: 0, weight: 100, port: 80, target: `web.${SVC}` });
  assert.equal(srv.additionals[0]?.data, "10.128.0.7");
  assert.deepEqual(await found("7.0.128.10.in-addr.arpa", "PTR"), [`web.${SVC}`]);
  assert.equal((await lookUp(`web.${SVC}`)).answers[0]?.ttl, 5);
});

test("a name is found in any spelling and repeated as it was asked", async () => {
  await addService("web", { clusterIP: "10.128.0.7", ports: PORTS });
  await eventually(async () => assert.deepEqual(await found(`WeB.${SVC.toUpperCase()}`), ["10.128.0.7"]));
  assert.equal((await lookUp(`WeB.${SVC}`)).question, `WeB.${SVC}`);
});

test("a name that is not there is NXDOMAIN, a type that is not there is no data, both with SOA", async () => {
  await addService("web", { clusterIP: "10.128.0.7", ports: PORTS });
  await eventually(async () => assert.deepEqual(await found(`web.${SVC}`), ["10.128.0.7"]));
  const expectations: [string, string, string][] = [
    [`nobody.${SVC}`, "A", "NXDOMAIN"],
    [`a.web.${SVC}`, "A", "NXDOMAIN"],
    ["web.default.cluster.local", "A", "NXDOMAIN"],
    ["250.0.128.10.in-addr.arpa", "PTR", "NXDOMAIN"],
    [`web.${SVC}`, "AAAA", "NOERROR"],
    [`_tcp.web.${SVC}`, "A", "NOERROR"],
    [SVC, "A", "NOERROR"],
    ["svc.cluster.local", "A", "NOERROR"],
    ["cluster.local", "A", "NOERROR"],
  ];
  for (const [name, type, rcode] of expectations) {
    const reply = await lookUp(name, type);
    assert.equal(reply.rcode, rcode, name);
    assert.equal(reply.answers.length, 0, name);
    assert.equal(reply.authorities[0]?.type, "SOA", name);
  }
});

test("a headless Service has the records of its ready endpoints", async () => {
  await addService("db", { clusterIP: "None", ports: PORTS });
  await addSlice("db", [
    { addresses: ["10.64.0.5"], hostname: "db-0", conditions: { ready: true } },
    { addresses: ["10.64.0.6"], conditions: { ready: true } },
    { addresses: ["10.64.0.7"], hostname: "db-2", conditions: { ready: false } },
  ]);
  await eventually(async () => assert.deepEqual(await found(`db.${SVC}`), ["10.64.0.5", "10.64.0.6"]));
  assert.deepEqual(await found(`db-0.db.${SVC}`), ["10.64.0.5"]);
  assert.deepEqual(await found(`10-64-0-6.db.${SVC}`), ["10.64.0.6"]);
  assert.equal((await lookUp(`db-2.db.${SVC}`)).rcode, "NXDOMAIN");
  assert.deepEqual(await found("5.0.64.10.in-addr.arpa", "PTR"), [`db-0.db.${SVC}`]);
  const { answers } = await lookUp(`_http._tcp.db.${SVC}`, "SRV");
  const targets = answers.map(({ data }) => (data as { target: string; port: number }).target).sort();
  assert.deepEqual(targets, [`10-64-0-6.db.${SVC}`, `db-0.db.${SVC}`]);
});

test("a headless Service without ready endpoints is NXDOMAIN, unless it publishes all", async () => {
  const endpoints = [{ addresses: ["10.64.0.5"], conditions: { ready: false } }];
  await addService("quiet", { clusterIP: "None", ports: PORTS });
  await addSlice("quiet", endpoints);
  await addService("loud", { clusterIP: "None", ports: PORTS, publishNotReadyAddresses: true });
  await addSlice("loud", endpoints);
  await eventually(async () => assert.deepEqual(await found(`loud.${SVC}`), ["10.64.0.5"]));
  assert.equal((await lookUp(`quiet.${SVC}`)).rcode, "NXDOMAIN");
});

test("endpoints that change change the records", async () => {
  await addService("db", { clusterIP: "None", ports: PORTS });
  await addSlice("db", [{ addresses: ["10.64.0.5"], conditions: { ready: true } }]);
  await addSlice("db", [{ addresses: ["10.64.0.9"], conditions: { ready: true } }], "db-2");
  await eventually(async () => assert.deepEqual(await found(`db.${SVC}`), ["10.64.0.5", "10.64.0.9"]));
  await client.delete(EndpointSlices, { namespace, name: "db-1" });
  await eventually(async () => assert.deepEqual(await found(`db.${SVC}`), ["10.64.0.9"]));
  await client.delete(Services, { namespace, name: "db" });
  await eventually(async () => assert.equal((await lookUp(`db.${SVC}`)).rcode, "NXDOMAIN"));
  assert.equal((await lookUp(SVC)).rcode, "NXDOMAIN");
});

test("an ExternalName is an alias, followed inside and outside", async () => {
  upstream.reply(({ name, type }) => ({ answers: [{ name, type, ttl: 60, data: "203.0.113.9" }] }));
  await addService("web", { clusterIP: "10.128.0.7", ports: PORTS });
  await addService("inside", { type: "ExternalName", externalName: `web.${SVC}` });
  await addService("outside", { type: "ExternalName", externalName: "example.org" });
  await eventually(async () => assert.deepEqual(await found(`inside.${SVC}`), ["10.128.0.7", `web.${SVC}`]));
  await eventually(async () =>
    assert.deepEqual(await found(`outside.${SVC}`), ["203.0.113.9", "example.org"]),
  );
  assert.deepEqual(await found(`outside.${SVC}`, "CNAME"), ["example.org"]);
});

test("the zone says its version, and a Pod's name its address", async () => {
  assert.deepEqual(await found("dns-version.cluster.local", "TXT"), ["1.1.0"]);
  assert.deepEqual(await found("10-64-0-5.default.pod.cluster.local"), ["10.64.0.5"]);
  assert.equal((await lookUp("300-64-0-5.default.pod.cluster.local")).rcode, "NXDOMAIN");
  assert.equal((await lookUp("default.pod.cluster.local")).rcode, "NOERROR");
  assert.deepEqual(await found("ns.dns.cluster.local"), ["127.0.0.1"]);
});

test("a long answer is cut over UDP and whole over TCP and with EDNS0", async () => {
  await addService("many", { clusterIP: "None", ports: PORTS });
  const addresses = Array.from({ length: 60 }, (_, index) => `10.64.1.${index + 1}`);
  await addSlice(
    "many",
    addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  );
  await eventually(async () => assert.equal((await lookUp(`many.${SVC}`)).truncated, true));
  const cut = await lookUp(`many.${SVC}`);
  assert.ok(cut.bytes <= 512 && cut.answers.length > 0);
  const whole = await lookUp(`many.${SVC}`, "A", { tcp: true });
  assert.deepEqual([whole.truncated, whole.answers.length], [false, 60]);
  const edns = await lookUp(`many.${SVC}`, "A", { ednsBytes: 4096 });
  assert.deepEqual([edns.truncated, edns.answers.length], [false, 60]);
  assert.equal(edns.additionals[0]?.type, "OPT");
});

test("other names are forwarded once and then remembered, errors too", async () => {
  upstream.reply(({ name, type }) =>
    name.startsWith("no.")
      ? {
          rcode: "NXDOMAIN",
          flags: 3,
          authorities: [
            {
              name: "org",
              type: "SOA",
              ttl: 900,
              data: {
                mname: "a.org",
                rname: "b.org",
                serial: 1,
                refresh: 1,
                retry: 1,
                expire: 1,
                minimum: 60,
              },
            },
          ],
        }
      : { answers: [{ name, type, ttl: 60, data: "203.0.113.1" }] },
  );
  for (let times = 0; times < 3; times++) {
    assert.deepEqual(await found("www.Example.org"), ["203.0.113.1"]);
    assert.equal((await lookUp("no.example.org")).rcode, "NXDOMAIN");
  }
  assert.deepEqual(upstream.asked, ["www.example.org A", "no.example.org A"]);
});

test("an answer that is too long for UDP upstream is asked for over TCP", async () => {
  const answers = Array.from({ length: 50 }, (_, index) => ({
    name: "big.example.org",
    type: "A",
    ttl: 60,
    data: `203.0.113.${index}`,
  }));
  upstream.reply((_, tcp) => (tcp ? { answers } : { flags: 1 << 9 }));
  assert.equal((await lookUp("big.example.org", "A", { tcp: true })).answers.length, 50);
  assert.equal((await lookUp("big.example.org")).truncated, true);
});

test("a name server that is silent or cannot answer is SERVFAIL", async () => {
  upstream.reply(() => ({ flags: 2 }));
  assert.equal((await lookUp("fails.example.org")).rcode, "SERVFAIL");
});

test("what cannot be read or is not served is refused with the right code", async () => {
  const query = dnsPacket.encode({ type: "query", id: 7, questions: [{ name: `web.${SVC}`, type: "A" }] });
  const status = Buffer.from(query);
  status.writeUInt16BE(2 << 11, 2);
  assert.equal((await exchangeUdp(status, dns.port))[3]! & 15, 4);
  const chaos = Buffer.from(query);
  chaos.writeUInt16BE(3, query.length - 2);
  assert.equal((await exchangeUdp(chaos, dns.port))[3]! & 15, 5);
  const cut = await exchangeUdp(query.subarray(0, query.length - 5), dns.port);
  assert.deepEqual([cut.readUInt16BE(0), cut[3]! & 15], [7, 1]);
});

test("names of the cluster are SERVFAIL until its Services are known, others are answered", async () => {
  upstream.reply(({ name, type }) => ({ answers: [{ name, type, ttl: 60, data: "203.0.113.1" }] }));
  const silent = { ...client, list: () => new Promise<never>(() => {}) } as unknown as Client;
  const early = await start({
    client: silent,
    log: silentLogger(),
    listen: ["127.0.0.1"],
    port: 0,
    upstreams: [{ address: upstream.address, port: upstream.port }],
  });
  try {
    assert.equal((await ask({ port: early.port, name: `web.${SVC}`, type: "A" })).rcode, "SERVFAIL");
    assert.equal((await ask({ port: early.port, name: "example.org", type: "A" })).rcode, "NOERROR");
  } finally {
    void early.stop();
  }
});

test("start() says which address is taken", async () => {
  const options = { client, log: silentLogger(), listen: ["127.0.0.1"], port: dns.port };
  await assert.rejects(start(options), { code: "ListenFailed" });
});
