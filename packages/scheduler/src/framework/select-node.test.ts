import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterCache } from "../cache/cluster-cache.ts";
import { type NodeSketch, node, pod } from "../testing/index.ts";
import { plugins } from "./registry.ts";
import { describeRejection, NodeSelector } from "./select-node.ts";

function cluster(nodes: Record<string, NodeSketch>): ClusterCache {
  const cache = new ClusterCache();
  for (const [name, sketch] of Object.entries(nodes)) cache.setNode(node(name, sketch));
  return cache;
}

function choose(cache: ClusterCache, wanted: ReturnType<typeof pod>): string {
  const selection = new NodeSelector(plugins).select(wanted, cache);
  if (selection.node !== undefined) return selection.node.node.metadata.name;
  return describeRejection(selection.total, selection.reasons);
}

const cases: [
  title: string,
  nodes: Record<string, NodeSketch>,
  wanted: ReturnType<typeof pod>,
  answer: string,
][] = [
  ["takes the only node that fits", { a: { cpu: "1" }, b: {} }, pod("p", { cpu: "2" }), "b"],
  [
    "counts each reason",
    { a: { cpu: "1" }, b: { cpu: "1", memory: "1Gi" }, c: { unschedulable: true } },
    pod("p", { cpu: "2", memory: "2Gi" }),
    "0/3 nodes are available: 1 Insufficient memory, 1 node(s) were unschedulable, 2 Insufficient cpu.",
  ],
  ["says so when there are no nodes", {}, pod("p"), "no nodes available to schedule pods"],
  [
    "keeps Pods off tainted nodes",
    { a: { taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }] } },
    pod("p"),
    "0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: db}.",
  ],
  [
    "lets a toleration with operator Exists pass any value",
    { a: { taints: [{ key: "dedicated", value: "db", effect: "NoExecute" }] } },
    pod("p", {}, { tolerations: [{ key: "dedicated", operator: "Exists" }] }),
    "a",
  ],
  [
    "honours nodeSelector",
    { a: { labels: { disk: "hdd" } }, b: { labels: { disk: "ssd" } } },
    pod("p", {}, { nodeSelector: { disk: "ssd" } }),
    "b",
  ],
  [
    "names extended resources that are missing",
    { a: {} },
    pod("p", { "example.com/gpu": "1" }),
    "0/1 nodes are available: 1 Insufficient example.com/gpu.",
  ],
  ["bounds Pods a node", { a: { pods: "0" } }, pod("p"), "0/1 nodes are available: 1 Too many pods."],
  [
    "refuses in words what it does not serve",
    { a: {} },
    pod("p", {}, { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] }),
    "0/1 nodes are available: 1 persistent volume claims are not served by this scheduler.",
  ],
];

for (const [title, nodes, wanted, answer] of cases) {
  test(`select() ${title}`, () => assert.equal(choose(cluster(nodes), wanted), answer));
}

test("select() spreads equal Pods over equal nodes", () => {
  const cache = cluster({ a: {}, b: {}, c: {} });
  const counts = new Map<string, number>();
  for (let index = 0; index < 30; index++) {
    const wanted = pod(`p${index}`, { cpu: "100m" });
    const name = choose(cache, wanted);
    cache.place(wanted, name);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  assert.deepEqual([...counts.values()], [10, 10, 10]);
});

test("select() counts assumed Pods and frees what leaves", () => {
  const cache = cluster({ a: { cpu: "1" } });
  const first = pod("first", { cpu: "1" });
  cache.place(first, "a");
  assert.match(choose(cache, pod("second", { cpu: "1" })), /Insufficient cpu/);
  cache.remove(first);
  assert.equal(choose(cache, pod("second", { cpu: "1" })), "a");
});

test("select() gives a host port to one Pod a node", () => {
  const cache = cluster({ a: {} });
  const ports = [{ containerPort: 80, hostPort: 8080 }];
  const first = pod("first", {}, { containers: [{ name: "app", ports }] });
  cache.place(first, "a");
  const second = pod("second", {}, { containers: [{ name: "app", ports }] });
  assert.match(choose(cache, second), /didn't have free ports/);
});

test("place() counts a Pod whose node appears later", () => {
  const cache = new ClusterCache();
  cache.place(pod("early", { cpu: "1" }), "a");
  cache.setNode(node("a", { cpu: "1" }));
  assert.match(choose(cache, pod("late", { cpu: "1" })), /Insufficient cpu/);
});
