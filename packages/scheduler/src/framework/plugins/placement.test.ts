import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodSpec } from "@jdos/api";
import { deepFreeze } from "@jdos/apimachinery";
import { ClusterCache } from "../../cache/cluster-cache.ts";
import { node, pod } from "../../testing/index.ts";
import { plugins } from "../registry.ts";
import { describeRejection, NodeSelector } from "../select-node.ts";

const HOST = "kubernetes.io/hostname";
const ZONE = "zone";

/** Nodes a1 and a2 in zone a, b1 in zone b. */
function cluster(): ClusterCache {
  const cache = new ClusterCache();
  for (const name of ["a1", "a2", "b1"])
    cache.setNode(node(name, { labels: { [HOST]: name, [ZONE]: name.slice(0, 1) } }));
  return cache;
}

function labelled(name: string, app: string, spec: Partial<PodSpec> = {}) {
  const made = pod(name, {}, spec);
  return deepFreeze({ ...made, metadata: { ...made.metadata, labels: { app } } }) as typeof made;
}

function choose(cache: ClusterCache, wanted: ReturnType<typeof pod>): string {
  const selection = new NodeSelector(plugins).select(wanted, cache);
  if (selection.node !== undefined) return selection.node.node.metadata.name;
  return describeRejection(selection.total, selection.reasons);
}

const term = (app: string, topologyKey: string) => ({ labelSelector: { matchLabels: { app } }, topologyKey });
const near = (app: string, topologyKey: string): Partial<PodSpec> => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, topologyKey)] } },
});
const apart = (app: string, topologyKey: string): Partial<PodSpec> => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, topologyKey)] } },
});

describe("interPodAffinity", () => {
  it("places a Pod where those it wants to be near are", () => {
    const cache = cluster();
    cache.place(labelled("db", "db"), "b1");
    assert.equal(choose(cache, labelled("web", "web", near("db", ZONE))), "b1");
  });

  it("lets the first of its kind go anywhere, and the others follow", () => {
    const cache = cluster();
    const first = choose(cache, labelled("w0", "web", near("web", HOST)));
    cache.place(labelled("w0", "web", near("web", HOST)), first);
    assert.equal(choose(cache, labelled("w1", "web", near("web", HOST))), first);
    assert.equal(
      choose(cache, labelled("x", "web", near("nobody", HOST))),
      "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
    );
  });

  it("keeps Pods apart, also those that were there first from those that come", () => {
    const cache = cluster();
    for (const name of ["a1", "a2", "b1"])
      cache.place(labelled(`on-${name}`, "web", apart("web", HOST)), name);
    assert.equal(
      choose(cache, labelled("more", "web", apart("web", HOST))),
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    );
    assert.equal(
      choose(cache, labelled("plain", "web")),
      "0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.",
    );
    cache.remove(labelled("on-a2", "web"));
    assert.equal(choose(cache, labelled("more", "web", apart("web", HOST))), "a2");
  });

  it("means the Pod's own namespace", () => {
    const cache = cluster();
    const other = labelled("db", "db");
    cache.place(
      deepFreeze({ ...other, metadata: { ...other.metadata, namespace: "elsewhere" } }) as typeof other,
      "b1",
    );
    assert.match(choose(cache, labelled("web", "web", near("db", ZONE))), /didn't match pod affinity rules/);
  });

  it("prefers what is wished for", () => {
    const cache = cluster();
    cache.place(labelled("db", "db"), "b1");
    const wish = (kind: "podAffinity" | "podAntiAffinity") => ({
      affinity: {
        [kind]: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, podAffinityTerm: term("db", ZONE) },
          ],
        },
      },
    });
    assert.equal(choose(cache, labelled("near", "web", wish("podAffinity"))), "b1");
    assert.notEqual(choose(cache, labelled("apart", "web", wish("podAntiAffinity"))), "b1");
  });

  it("refuses in words a selector of namespaces", () => {
    const spec = {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { ...term("db", ZONE), namespaceSelector: { matchLabels: { a: "b" } } },
          ],
        },
      },
    };
    assert.match(choose(cluster(), labelled("web", "web", spec)), /namespaceSelector is not served/);
  });
});

describe("podTopologySpread", () => {
  const spread = (topologyKey: string, whenUnsatisfiable = "DoNotSchedule"): Partial<PodSpec> => ({
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels: { app: "web" } } },
    ],
  });

  it("keeps the difference between places within maxSkew", () => {
    const cache = cluster();
    const zones: string[] = [];
    for (let index = 0; index < 6; index++) {
      const wanted = labelled(`w${index}`, "web", spread(ZONE));
      const name = choose(cache, wanted);
      cache.place(wanted, name);
      zones.push(name.slice(0, 1));
    }
    assert.deepEqual(zones.toSorted(), ["a", "a", "a", "b", "b", "b"]);
  });

  it("says why when a place would get too many, and when a node has no place", () => {
    const cache = cluster();
    cache.setNode(node("b1", { labels: { [HOST]: "b1", [ZONE]: "b" }, unschedulable: true }));
    cache.setNode(node("nowhere"));
    cache.place(labelled("w0", "web"), "a1");
    assert.equal(
      choose(cache, labelled("w1", "web", spread(ZONE))),
      "0/4 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label), 1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints.",
    );
  });

  it("counts only nodes that the Pod may use at all", () => {
    const cache = cluster();
    cache.place(labelled("w0", "web"), "a1");
    assert.match(
      choose(cache, labelled("w1", "web", { ...spread(ZONE), nodeSelector: { [ZONE]: "a" } })),
      /^a[12]$/,
    );
  });

  it("with ScheduleAnyway only prefers the emptier place", () => {
    const cache = cluster();
    cache.place(labelled("w0", "web"), "a1");
    cache.place(labelled("w1", "web"), "a2");
    assert.equal(choose(cache, labelled("w2", "web", spread(ZONE, "ScheduleAnyway"))), "b1");
  });
});
