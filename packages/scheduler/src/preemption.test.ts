import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClusterCache } from "./cache/cluster-cache.ts";
import { plugins } from "./framework/registry.ts";
import { type Misfit, NodeSelector } from "./framework/select-node.ts";
import { findVictims } from "./preemption.ts";
import { node, pod } from "./testing/index.ts";

const selector = new NodeSelector(plugins);

function preempt(cache: ClusterCache, wanted: ReturnType<typeof pod>) {
  const misfit = selector.select(wanted, cache);
  assert.equal(misfit.node, undefined);
  return findVictims(wanted, { misfit: misfit as Misfit, cache, selector });
}

const asking = (name: string, cpu: string, priority: number, more = {}) =>
  pod(name, { cpu }, { priority, ...more });

describe("findVictims", () => {
  it("findVictims() takes the fewest and least important Pods of the cheapest node", () => {
    const cache = new ClusterCache();
    for (const name of ["a", "b"]) cache.setNode(node(name, { cpu: "2" }));
    cache.place(asking("a-middle", "1", 50), "a");
    cache.place(asking("a-low", "1", 10), "a");
    cache.place(asking("b-middle", "2", 50), "b");
    const { victims } = preempt(cache, asking("important", "1", 100));
    assert.equal(victims?.nodeName, "a");
    assert.deepEqual(
      victims?.pods.map(({ metadata }) => metadata.name),
      ["a-low"],
    );
  });

  it("findVictims() says on how many nodes nobody can leave, and where it would not help", () => {
    const cache = new ClusterCache();
    cache.setNode(node("full", { cpu: "1" }));
    cache.setNode(node("cordoned", { unschedulable: true }));
    cache.place(asking("equal", "1", 100), "full");
    const { victims, outcome } = preempt(cache, asking("important", "1", 100));
    assert.equal(victims, undefined);
    assert.equal(
      outcome,
      "0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
    );
  });

  it("findVictims() takes nobody when even that would not make room", () => {
    const cache = new ClusterCache();
    cache.setNode(node("small", { cpu: "1" }));
    cache.place(asking("low", "500m", 0), "small");
    assert.equal(preempt(cache, asking("huge", "2", 100)).victims, undefined);
  });

  it("findVictims() respects preemptionPolicy Never", () => {
    const cache = new ClusterCache();
    cache.setNode(node("full", { cpu: "1" }));
    cache.place(asking("low", "1", 0), "full");
    const { outcome } = preempt(cache, asking("polite", "1", 100, { preemptionPolicy: "Never" }));
    assert.equal(outcome, "not eligible due to preemptionPolicy=Never.");
  });

  it("nominate() keeps the room against those of lower priority until the Pod is placed", () => {
    const cache = new ClusterCache();
    cache.setNode(node("a", { cpu: "1" }));
    const important = asking("important", "1", 100);
    cache.nominate(important, "a");
    assert.equal(selector.select(asking("late", "500m", 0), cache).node, undefined);
    assert.ok(selector.select(asking("higher", "500m", 200), cache).node);
    assert.ok(selector.select(important, cache).node);
    cache.withdraw("default/important");
    assert.ok(selector.select(asking("late", "500m", 0), cache).node);
  });
});
