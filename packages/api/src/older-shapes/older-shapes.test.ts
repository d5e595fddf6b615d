import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CronJobs,
  EndpointSlices,
  HorizontalPodAutoscalers,
  Ingresses,
  PodDisruptionBudgets,
  Pods,
} from "../kubernetes.ts";
import { bodyVersions, type Content, shapedKind } from "./index.ts";

const slices = shapedKind(EndpointSlices)!.older[0]!;
const budgets = shapedKind(PodDisruptionBudgets)!.older[0]!;

/** As Kubernetes 1.20.2 serves the slice of a Service with one Pod; the zone as its nodes' labels would give it. */
const served = {
  apiVersion: "discovery.k8s.io/v1beta1",
  kind: "EndpointSlice",
  metadata: {
    name: "web-7x2lm",
    namespace: "demo",
    labels: {
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
      "kubernetes.io/service-name": "web",
    },
  },
  addressType: "IPv4",
  endpoints: [
    {
      addresses: ["10.244.0.5"],
      conditions: { ready: true },
      targetRef: { kind: "Pod", namespace: "demo", name: "web-0", uid: "4e8e3f2e" },
      topology: { "kubernetes.io/hostname": "n1", "topology.kubernetes.io/zone": "east" },
    },
  ],
  ports: [{ name: "http", port: 8080, protocol: "TCP" }],
} as const;

const endpoint = (slice: Content) => (slice.endpoints as Content[])[0]!;

describe("EndpointSlice v1beta1", () => {
  it("fromOlder() finds node and zone in the topology and keeps the rest", () => {
    const newest = slices.fromOlder(served);
    const { topology, ...rest } = served.endpoints[0];
    assert.ok(topology);
    assert.deepEqual(endpoint(newest), { ...rest, nodeName: "n1", zone: "east" });
    assert.deepEqual({ ...newest, endpoints: 0 }, { ...served, endpoints: 0 });
  });

  const cases: [string, { older: Content; newest: Content }][] = [
    ["nothing said", { older: {}, newest: {} }],
    ["node", { older: { topology: { "kubernetes.io/hostname": "n1" } }, newest: { nodeName: "n1" } }],
    [
      "a label of the cluster's own",
      {
        older: { topology: { "kubernetes.io/hostname": "n1", "example.com/rack": "7" } },
        newest: { nodeName: "n1", deprecatedTopology: { "example.com/rack": "7" } },
      },
    ],
    [
      "a host name that is not the node's",
      {
        older: { nodeName: "n1", topology: { "kubernetes.io/hostname": "n1.example.org" } },
        newest: { nodeName: "n1", deprecatedTopology: { "kubernetes.io/hostname": "n1.example.org" } },
      },
    ],
  ];
  for (const [name, { older, newest }] of cases) {
    it(`fromOlder() and toOlder() are each other's inverse: ${name}`, () => {
      const parts = { addresses: ["10.0.0.1"], conditions: { ready: false } };
      const found = endpoint(slices.fromOlder({ endpoints: [{ ...parts, ...older }] }));
      assert.deepEqual(found, { ...parts, ...newest });
      const back = endpoint(slices.toOlder({ endpoints: [found] }));
      assert.deepEqual(endpoint(slices.fromOlder({ endpoints: [back] })), found);
    });
  }

  it("toOlder() says the node in the topology alone, for servers drop the field", () => {
    const said = { addresses: ["10.0.0.1"], nodeName: "n1", zone: "z" };
    assert.deepEqual(endpoint(slices.toOlder({ endpoints: [said] })), {
      addresses: ["10.0.0.1"],
      topology: { "kubernetes.io/hostname": "n1", "topology.kubernetes.io/zone": "z" },
    });
  });

  it("both leave their argument alone, and slices without endpoints as they are", () => {
    const frozen = Object.freeze({ endpoints: null, ports: null });
    assert.equal(slices.fromOlder(frozen), frozen);
    assert.equal(slices.toOlder(frozen), frozen);
    const before = structuredClone(served);
    slices.fromOlder(served);
    assert.deepEqual(served, before);
  });
});

describe("PodDisruptionBudget v1beta1", () => {
  const nobody = {
    matchExpressions: [
      { key: "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match", operator: "Exists" },
    ],
  };
  const everybody = {
    matchExpressions: [
      { key: "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match", operator: "DoesNotExist" },
    ],
  };
  const cases: [string, { older: Content; newest: Content }][] = [
    ["labels", { older: { matchLabels: { app: "web" } }, newest: { matchLabels: { app: "web" } } }],
    ["every Pod", { older: everybody, newest: {} }],
    ["no Pod", { older: {}, newest: nobody }],
  ];
  for (const [name, { older, newest }] of cases) {
    it(`a selector of ${name} keeps its meaning both ways`, () => {
      const spec = { minAvailable: 1 };
      assert.deepEqual(budgets.fromOlder({ spec: { ...spec, selector: older } }), {
        spec: { ...spec, selector: newest },
      });
      assert.deepEqual(budgets.toOlder({ spec: { ...spec, selector: newest } }), {
        spec: { ...spec, selector: older },
      });
    });
  }

  it("no selector at all stays none", () => {
    assert.deepEqual(budgets.toOlder({ spec: { minAvailable: 1 } }), { spec: { minAvailable: 1 } });
    assert.deepEqual(budgets.fromOlder({ status: {} }), { status: {} });
  });
});

describe("shapedKind", () => {
  it("knows the Kinds that Kubernetes 1.20 serves in an older version, by newest version alone", () => {
    const older = [EndpointSlices, PodDisruptionBudgets, CronJobs, HorizontalPodAutoscalers].map(
      (type) => shapedKind(type)?.older[0]?.version,
    );
    assert.deepEqual(older, ["v1beta1", "v1beta1", "v1beta1", "v2beta2"]);
    assert.equal(shapedKind({ ...CronJobs, version: "v1beta1" }), undefined);
    assert.equal(shapedKind({ ...CronJobs, group: "example.com" }), undefined);
    for (const type of [Pods, Ingresses]) assert.equal(shapedKind(type), undefined);
  });

  it("bodyVersions() knows what Eviction may be sent as", () => {
    assert.deepEqual(bodyVersions({ apiVersion: "policy/v1", kind: "Eviction" }), [
      "policy/v1",
      "policy/v1beta1",
    ]);
    assert.deepEqual(bodyVersions({ apiVersion: "policy/v1beta1", kind: "Eviction" }), []);
    assert.deepEqual(bodyVersions({ apiVersion: "v1", kind: "Binding" }), []);
  });
});
