import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Ingress, Service } from "@jdos/api";
import { deepFreeze } from "@jdos/apimachinery";
import type { Stored } from "@jdos/client";
import { buildDesired, type World } from "./build-desired.ts";

const meta = (name: string, more: object = {}) => ({
  name,
  namespace: "demo",
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  ...more,
});

function service(name: string, spec: object = {}, more: object = {}): Stored<Service> {
  const ports = [{ name: "http", port: 80, protocol: "TCP" }];
  return deepFreeze({
    apiVersion: "v1",
    kind: "Service",
    metadata: meta(name, more),
    spec: { ports, ...spec },
  });
}

function ingress(name: string, host: string, path: string, more: object = {}): Stored<Ingress> {
  const backend = { service: { name: "hello", port: { name: "http" } } };
  const rules = [{ host, http: { paths: [{ path, pathType: "Prefix", backend }] } }];
  return deepFreeze({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: meta(name, more),
    spec: { rules },
  });
}

function slice(endpoints: EndpointSlice["endpoints"]): Stored<EndpointSlice> {
  const ports = [{ name: "http", port: 8080, protocol: "TCP" }];
  return deepFreeze({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: meta("hello-abcde"),
    addressType: "IPv4",
    ports,
    endpoints,
  });
}

function world(parts: Partial<World> & { services?: Stored<Service>[] }): World {
  const services = parts.services ?? [service("hello")];
  return {
    ingresses: [],
    loadBalancerServices: [],
    formerServices: [],
    service: (_namespace, name) => services.find(({ metadata }) => metadata.name === name),
    slices: () => [],
    reservedPorts: new Set([8080]),
    ...parts,
  };
}

test("buildDesired() makes a route and a backend with ready and draining servers", () => {
  const slices = () => [
    slice([
      { addresses: ["10.0.0.1"], conditions: { ready: true } },
      { addresses: ["10.0.0.2"], conditions: { ready: false, serving: true, terminating: true } },
      { addresses: ["10.0.0.3"], conditions: { ready: false, serving: false, terminating: false } },
    ]),
  ];
  const { desired, problems } = buildDesired(
    world({ ingresses: [ingress("hello", "Hello.test", "/")], slices }),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(desired.routes, [
    { host: "hello.test", path: "/", match: "Prefix", backend: "http.demo.hello.80" },
  ]);
  assert.deepEqual(desired.backends[0]?.servers, [
    { address: "10.0.0.1", port: 8080, state: "ready" },
    { address: "10.0.0.2", port: 8080, state: "draining" },
  ]);
});

test("buildDesired() lets endpoints that terminate serve while nothing is ready", () => {
  const slices = () => [
    slice([{ addresses: ["10.0.0.2"], conditions: { ready: false, serving: true, terminating: true } }]),
  ];
  const { desired } = buildDesired(world({ ingresses: [ingress("hello", "a.test", "/")], slices }));
  assert.equal(desired.backends[0]?.servers[0]?.state, "ready");
});

test("buildDesired() gives a host and path to the older Ingress and tells the other", () => {
  const late = ingress("late", "a.test", "/", { creationTimestamp: "2026-02-01T00:00:00Z" });
  const { desired, problems } = buildDesired(world({ ingresses: [late, ingress("early", "a.test", "/")] }));
  assert.equal(desired.routes.length, 1);
  assert.deepEqual(
    problems.map(({ about, reason }) => [about.metadata.name, reason]),
    [["late", "RouteTaken"]],
  );
});

test("buildDesired() names a Service that is not there", () => {
  const { desired, problems } = buildDesired(
    world({ ingresses: [ingress("x", "a.test", "/")], services: [] }),
  );
  assert.deepEqual(desired.routes, []);
  assert.equal(problems[0]?.message, 'Service "hello" with port "http" is not there');
});

test("buildDesired() listens for a LoadBalancer Service at the annotated port, and refuses a taken one", () => {
  const annotations = { "jdos.io/listen-port": "7500" };
  const registry = service("registry", {}, { annotations });
  const clash = service("clash", { ports: [{ port: 8080, protocol: "TCP" }] });
  const { desired, problems } = buildDesired(world({ loadBalancerServices: [registry, clash] }));
  assert.deepEqual(desired.tcp, [{ backend: "tcp.demo.registry.80", port: 7500 }]);
  assert.deepEqual(
    problems.map(({ about, reason }) => [about.metadata.name, reason]),
    [["clash", "PortUnavailable"]],
  );
});

test("buildDesired() refuses a path that would mean something to HAProxy", () => {
  const { desired, problems } = buildDesired(world({ ingresses: [ingress("x", "a.test", "/a;shutdown")] }));
  assert.deepEqual(desired.routes, []);
  assert.equal(problems[0]?.reason, "PathNotServed");
});

const canary = (weight: string, more: object = {}) =>
  ingress("hello-canary", "a.test", "/", {
    annotations: {
      "nginx.ingress.kubernetes.io/canary": "true",
      "nginx.ingress.kubernetes.io/canary-weight": weight,
    },
    ...more,
  });
const ready = () => [slice([{ addresses: ["10.0.0.1"], conditions: { ready: true } }])];

test("buildDesired() lets a canary Ingress take its share, and takes that away while none of its servers is ready", () => {
  const ingresses = [canary("25"), ingress("hello", "a.test", "/")];
  const { desired, problems } = buildDesired(world({ ingresses, slices: ready }));
  assert.deepEqual(problems, []);
  assert.deepEqual(desired.routes[0]?.canary, { backend: "http.demo.hello.80", weight: 25 });
  assert.deepEqual(
    desired.canaries?.map(({ ingress: name, weight }) => [name, weight]),
    [["demo/hello-canary", 25]],
  );
  const without = buildDesired(world({ ingresses })).desired;
  assert.equal(without.routes[0]?.canary, undefined);
  assert.equal(without.canaries?.[0]?.weight, 25);
});

test("buildDesired() gives no share of the requests of another namespace, of no route, or by no number", () => {
  const foreign = canary("50", { namespace: "other" });
  const stable = ingress("hello", "a.test", "/");
  for (const [ingresses, reason] of [
    [[stable, foreign], "CanaryWithoutRoute"],
    [[canary("50")], "CanaryWithoutRoute"],
    [[stable, canary("101")], "CanaryWeightInvalid"],
    [[stable, canary("many")], "CanaryWeightInvalid"],
  ] as const) {
    const { desired, problems } = buildDesired(world({ ingresses, slices: ready }));
    assert.ok(desired.routes.every((route) => route.canary === undefined));
    assert.deepEqual(
      problems.map((problem) => problem.reason),
      [reason],
    );
  }
});

test("buildDesired() serves no Service whose source ranges it could not keep to", () => {
  const ranged = service("ranged", {
    ports: [{ port: 5432, protocol: "TCP" }],
    loadBalancerSourceRanges: ["10.0.0.0/8"],
  });
  const { desired, problems } = buildDesired(world({ loadBalancerServices: [ranged] }));
  assert.deepEqual([desired.tcp, problems[0]?.reason], [[], "SourceRangesNotServed"]);
});
