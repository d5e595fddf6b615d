import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod } from "@jdos/api";
import type { Stored } from "@jdos/client";
import { inDeletionOrder } from "./ranking.ts";

const now = new Date("2026-01-01T01:00:00Z");

interface Traits {
  node?: string;
  phase?: string;
  readySince?: string;
  cost?: string;
  restarts?: number;
  created?: string;
}

function pod(
  name: string,
  {
    node = "n1",
    phase = "Running",
    readySince = "2026-01-01T00:10:00Z",
    cost,
    restarts = 0,
    created,
  }: Traits,
): Stored<Pod> {
  const ready = readySince === "" ? [] : [{ type: "Ready", status: "True", lastTransitionTime: readySince }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: name,
      resourceVersion: "1",
      creationTimestamp: created ?? "2026-01-01T00:00:00Z",
      annotations: cost === undefined ? {} : { "controller.kubernetes.io/pod-deletion-cost": cost },
    },
    spec: { nodeName: node, containers: [] },
    status: {
      phase,
      conditions: ready,
      containerStatuses: [{ name: "c", image: "i", imageID: "", ready: true, restartCount: restarts }],
    },
  };
}

function order(pods: Stored<Pod>[], podsOnNode = (_: string): number => 1): string[] {
  return inDeletionOrder(pods, { podsOnNode, now }).map(({ metadata }) => metadata.name);
}

describe("inDeletionOrder", () => {
  const cases: [string, Stored<Pod>, Stored<Pod>][] = [
    [
      "unassigned before assigned",
      pod("first", { node: "" }),
      pod("second", { phase: "Pending", readySince: "" }),
    ],
    [
      "pending before running",
      pod("first", { phase: "Pending", readySince: "" }),
      pod("second", { readySince: "" }),
    ],
    ["not ready before ready", pod("first", { readySince: "" }), pod("second", {})],
    ["cheap before dear", pod("first", { cost: "-5" }), pod("second", {})],
    [
      "lately ready before long ready",
      pod("first", { readySince: "2026-01-01T00:59:30Z" }),
      pod("second", {}),
    ],
    ["often restarted before steady", pod("first", { restarts: 3 }), pod("second", {})],
    ["young before old", pod("first", { created: "2026-01-01T00:59:50Z" }), pod("second", {})],
  ];
  for (const [title, first, second] of cases) {
    it(`inDeletionOrder() takes ${title}`, () => {
      assert.deepEqual(order([second, first]), ["first", "second"]);
      assert.deepEqual(order([first, second]), ["first", "second"]);
    });
  }

  it("inDeletionOrder() takes from the crowded node first", () => {
    const pods = [pod("second", { node: "n2" }), pod("first", { node: "n1" })];
    assert.deepEqual(
      order(pods, (node) => (node === "n1" ? 2 : 1)),
      ["first", "second"],
    );
  });
});
