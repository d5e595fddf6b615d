import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createLogger, systemClock } from "@jdos/component-base";
import type { Desired, Route, Server } from "../model/desired.ts";
import { type EchoServer, freePort, type RunningHaproxy, runHaproxy, startEcho } from "../testing/index.ts";
import { backendCounts } from "./backend-counts.ts";
import { Haproxy } from "./haproxy.ts";

const httpPort = await freePort();
const tcpPort = await freePort();
const options = {
  listenAddress: "127.0.0.1",
  httpPort,
  log: createLogger({ name: "test", level: "error" }),
  clock: systemClock,
};
let directory: string;
let haproxy: Haproxy;
let running: RunningHaproxy;
const servers: EchoServer[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "jdos-haproxy-"));
  for (const name of ["one", "two", "three"]) servers.push(await startEcho(name));
  haproxy = new Haproxy({ ...options, configDirectory: directory });
  await haproxy.open();
  await assert.rejects(haproxy.apply(wanted([])), { code: "HaproxyUnreachable" });
  running = await runHaproxy(directory);
});

after(async () => {
  await running?.stop();
  for (const server of servers) await server.stop();
  if (directory !== undefined) await rm(directory, { recursive: true });
});

const serverAt = (index: number, state: Server["state"] = "ready"): Server => ({
  address: "127.0.0.1",
  port: servers[index]!.port,
  state,
});

function wanted(list: Server[], more: Partial<Desired> = {}): Desired {
  const route = (host: string, path: string, match: Route["match"]): Route => ({
    host,
    path,
    match,
    backend: "http.demo.a.80",
  });
  return {
    backends: [
      { name: "http.demo.a.80", mode: "http", servers: list, unavailable: "No Pod of a in demo is ready" },
    ],
    routes: [
      route("a.test", "/", "Prefix"),
      route("*.wild.test", "/", "Prefix"),
      route("paths.test", "/api", "Prefix"),
      route("paths.test", "/one", "Exact"),
    ],
    tcp: [],
    ...more,
  };
}

interface Answer {
  status: number;
  body: string;
}

function ask(host: string, path = "/", port = httpPort, agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers: { host }, agent }, (response) => {
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

interface LoadOptions {
  /** Keeps connections; a new one for each request without it. */
  agent?: Agent;
  /** Connections are idle that long between requests. Defaults to 0. */
  pauseMillis?: number;
}

/** Requests one after another until stopped; returns those that were not answered by 200. */
function load(
  host: string,
  { agent, pauseMillis = 0 }: LoadOptions = {},
): { stop(): Promise<{ sent: number; failed: unknown[] }> } {
  let going = true;
  const failed: unknown[] = [];
  let sent = 0;
  const done = (async () => {
    while (going && sent < 20_000) {
      sent++;
      const answer = await ask(host, "/", httpPort, agent ?? false).catch((error: unknown) => error);
      if ((answer as Answer).status !== 200) failed.push(answer);
      if (pauseMillis > 0) await new Promise((resolve) => setTimeout(resolve, pauseMillis));
    }
  })();
  return {
    async stop() {
      going = false;
      await done;
      return { sent, failed };
    },
  };
}

test("apply() changes servers and routes without a reload", async () => {
  await haproxy.apply(wanted([serverAt(0)]));
  const worker = await running.workerPid();
  assert.equal((await ask("a.test")).body, "one /");
  await haproxy.apply(wanted([serverAt(1)]));
  assert.equal((await ask("a.test")).body, "two /");
  const { routes } = wanted([]);
  await haproxy.apply(wanted([serverAt(1)], { routes: [...routes, { ...routes[0]!, host: "new.test" }] }));
  assert.equal((await ask("new.test")).body, "two /");
  assert.equal(await running.workerPid(), worker);
});

test("apply() routes by host and path as Ingress does", async () => {
  await haproxy.apply(wanted([serverAt(0)]));
  const statuses: Record<string, number> = {};
  for (const address of [
    "A.TEST/x",
    "b.wild.test/",
    "wild.test/",
    "paths.test/api",
    "paths.test/api/x",
    "paths.test/apis",
    "paths.test/one",
    "paths.test/one/x",
  ]) {
    const slash = address.indexOf("/");
    statuses[address] = (await ask(address.slice(0, slash), address.slice(slash))).status;
  }
  assert.deepEqual(statuses, {
    "A.TEST/x": 200,
    "b.wild.test/": 200,
    "wild.test/": 404,
    "paths.test/api": 200,
    "paths.test/api/x": 200,
    "paths.test/apis": 404,
    "paths.test/one": 200,
    "paths.test/one/x": 404,
  });
});

test("apply() gives draining servers no new requests", async () => {
  await haproxy.apply(wanted([serverAt(0), serverAt(1)]));
  await haproxy.apply(wanted([serverAt(0, "draining"), serverAt(1)]));
  const before = servers[0]!.requests();
  for (let count = 0; count < 10; count++) assert.equal((await ask("a.test")).body, "two /");
  assert.equal(servers[0]!.requests(), before);
  await haproxy.apply(wanted([serverAt(0)]));
  assert.equal((await ask("a.test")).body, "one /");
});

test("apply() answers 503 with a sentence while no server is ready", async () => {
  await haproxy.apply(wanted([]));
  assert.deepEqual(await ask("a.test"), { status: 503, body: "No Pod of a in demo is ready\n" });
});

/** Server "one" serves, server "two" takes a share. */
function shared(weight: number): Desired {
  const base = wanted([serverAt(0)]);
  const canary = { ...base.backends[0]!, name: "http.demo.a-canary.80", servers: [serverAt(1)] };
  const routes = base.routes.map((route) =>
    weight === 0 ? route : { ...route, canary: { backend: canary.name, weight } },
  );
  return { ...base, backends: [...base.backends, canary], routes };
}

/** How many of the requests "two" answered. */
async function shareOfTwo(requests: number, agent: Agent): Promise<number> {
  let [sent, two] = [0, 0];
  const worker = async () => {
    while (sent++ < requests) if ((await ask("a.test", "/", httpPort, agent)).body === "two /") two++;
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return two;
}

test("apply() shares requests by weight, request by request, and changes the weight without a reload", async () => {
  await haproxy.apply(shared(0));
  const worker = await running.workerPid();
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  assert.equal(await shareOfTwo(50, agent), 0);
  for (const weight of [10, 50, 90]) {
    await haproxy.apply(shared(weight));
    const share = (100 * (await shareOfTwo(2000, agent))) / 2000;
    assert.ok(Math.abs(share - weight) < 5, `${share} % instead of ${weight} %`);
  }
  await haproxy.apply(shared(100));
  assert.equal(await shareOfTwo(50, agent), 50);
  await haproxy.apply(shared(0));
  assert.equal(await shareOfTwo(50, agent), 0);
  agent.destroy();
  assert.equal(await running.workerPid(), worker);
});

test("counted() tells the answers of a backend, which were errors, and how long a server took", async () => {
  const ofA = async () => {
    const counted = await haproxy.counted();
    const answers = backendCounts(counted).backends.get("http.demo.a.80") ?? { requests: 0, errors: 0 };
    const latency = counted.slots.find(({ serves }) => serves === "http.demo.a.80")?.latency ?? [];
    return { ...answers, served: latency.at(-1) ?? 0, inTenSeconds: latency.at(-2) ?? 0 };
  };
  const before = await ofA();
  await haproxy.apply(shared(0));
  for (let count = 0; count < 5; count++) await ask("a.test");
  await haproxy.apply({ ...shared(0), backends: shared(0).backends.map((one) => ({ ...one, servers: [] })) });
  for (let count = 0; count < 2; count++) assert.equal((await ask("a.test")).status, 503);
  const now = await ofA();
  assert.deepEqual([now.requests - before.requests, now.errors - before.errors], [7, 2]);
  assert.deepEqual([now.served - before.served, now.inTenSeconds - before.inTenSeconds], [5, 5]);
});

test("apply() drops no request while the weight of a share goes up and down", async () => {
  await haproxy.apply(shared(0));
  const agent = new Agent({ keepAlive: true });
  const traffic = Array.from({ length: 8 }, () => load("a.test", { agent }));
  for (let round = 0; round < 40; round++) await haproxy.apply(shared((round * 37) % 101));
  for (const { sent, failed } of await Promise.all(traffic.map((one) => one.stop()))) {
    assert.deepEqual(failed, []);
    assert.ok(sent > 10, `only ${sent} requests were sent`);
  }
  agent.destroy();
});

test("apply() drops no request of kept connections while servers change and backends are added", async () => {
  await haproxy.apply(wanted([serverAt(0)]));
  const worker = await running.workerPid();
  const agent = new Agent({ keepAlive: true });
  const traffic = Array.from({ length: 8 }, () => load("a.test", { agent }));
  const extra = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: `http.demo.x${index}.80`,
      mode: "http" as const,
      servers: [],
      unavailable: "none",
    }));
  for (let round = 0; round < 12; round++) {
    const next = wanted([serverAt(round % 3), serverAt((round + 1) % 3)]);
    await haproxy.apply({ ...next, backends: [...next.backends, ...extra(Math.floor(round / 4))] });
  }
  for (const { sent, failed } of await Promise.all(traffic.map((one) => one.stop()))) {
    assert.deepEqual(failed, []);
    assert.ok(sent > 10, `only ${sent} requests were sent`);
  }
  agent.destroy();
  assert.equal(await running.workerPid(), worker, "no new worker was needed");
});

test("apply() drops no request while the pool of backends grows by reload", async () => {
  await haproxy.apply(wanted([serverAt(0)]));
  const traffic = load("a.test");
  const many = Array.from({ length: 20 }, (_, index) => ({
    name: `http.demo.y${index}.80`,
    mode: "http" as const,
    servers: [],
    unavailable: "none",
  }));
  const worker = await running.workerPid();
  const next = wanted([serverAt(1)]);
  await haproxy.apply({ ...next, backends: [...next.backends, ...many] });
  const { sent, failed } = await traffic.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 3, `only ${sent} requests were sent`);
  assert.notEqual(await running.workerPid(), worker);
});

test("apply() drops no request of kept connections while TCP ports need one reload after another", async () => {
  const base = wanted([serverAt(0), serverAt(1)]);
  await haproxy.apply(base);
  const tcp = { name: "tcp.demo.t.80", mode: "tcp" as const, servers: [serverAt(2)], unavailable: "" };
  const agent = new Agent({ keepAlive: true });
  const traffic = Array.from({ length: 12 }, (_, index) => load("a.test", { agent, pauseMillis: 1 + index }));
  const workers = new Set<number>();
  for (let round = 0; round < 40; round++) {
    const ports = round % 2 === 0 ? [{ backend: tcp.name, port: tcpPort }] : [];
    await haproxy.apply({ ...base, backends: [...base.backends, tcp], tcp: ports });
    workers.add(await running.workerPid());
  }
  for (const { sent, failed } of await Promise.all(traffic.map((one) => one.stop()))) {
    assert.deepEqual(failed, []);
    assert.ok(sent > 10, `only ${sent} requests were sent`);
  }
  agent.destroy();
  assert.equal(workers.size, 40, "each change needed a new worker");
});

/** The worker that stops may take a connection yet, after the new one answers. */
async function expectRefused(port: number): Promise<void> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const code = await ask("any", "/", port).catch((error: NodeJS.ErrnoException) => error.code);
    if (code === "ECONNREFUSED") return;
    assert.ok(Date.now() < deadline, `port ${port} still answers: ${JSON.stringify(code)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("apply() opens and closes TCP ports", async () => {
  const port = tcpPort;
  const tcp = { name: "tcp.demo.t.80", mode: "tcp" as const, servers: [serverAt(2)], unavailable: "" };
  const base = wanted([serverAt(0)]);
  await haproxy.apply({ ...base, backends: [...base.backends, tcp], tcp: [{ backend: tcp.name, port }] });
  assert.equal((await ask("any", "/", port)).body, "three /");
  await haproxy.apply(base);
  await expectRefused(port);
});

test("converge() brings a restarted HAProxy back, also for a process that starts anew", async () => {
  await haproxy.apply(wanted([serverAt(0)]));
  await running.kill();
  running = await runHaproxy(directory);
  assert.equal((await ask("a.test")).body, "one /");
  const later = new Haproxy({ ...options, configDirectory: directory });
  await later.open();
  const worker = await running.workerPid();
  await later.apply(wanted([serverAt(1)]));
  assert.equal((await ask("a.test")).body, "two /");
  assert.equal(await running.workerPid(), worker);
  haproxy = later;
});
