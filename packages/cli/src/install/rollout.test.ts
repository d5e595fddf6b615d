import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { progressOf } from "./rollout.ts";

const deployment = (status: object) => ({
  kind: "Deployment",
  metadata: { generation: 2 },
  spec: { replicas: 2 },
  status,
});

describe("progressOf()", () => {
  it("progressOf() is done when every replica is of the newest template, ready, and alone", () => {
    const done = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
    assert.deepEqual(progressOf(deployment(done)), { done: true, message: "2 of 2 Pods ready" });
    for (const change of [
      { observedGeneration: 1 },
      { updatedReplicas: 1 },
      { availableReplicas: 1 },
      { replicas: 3 },
    ])
      assert.equal(progressOf(deployment({ ...done, ...change })).done, false, JSON.stringify(change));
    assert.equal(progressOf(deployment({})).message, "0 of 2 Pods ready");
  });

  it("progressOf() of a DaemonSet asks for a Pod on every node", () => {
    const daemon = (status: object) => ({ kind: "DaemonSet", metadata: { generation: 1 }, status });
    const done = {
      observedGeneration: 1,
      desiredNumberScheduled: 3,
      updatedNumberScheduled: 3,
      numberAvailable: 3,
    };
    assert.equal(progressOf(daemon(done)).done, true);
    assert.equal(progressOf(daemon({ ...done, numberAvailable: 2 })).done, false);
    const oneAway = progressOf(daemon({ ...done, numberAvailable: 2 }), 1);
    assert.deepEqual(oneAway, { done: true, message: "2 of 2 Pods ready" });
    assert.equal(progressOf(daemon({ ...done, numberAvailable: 1 }), 1).done, false);
  });
});
