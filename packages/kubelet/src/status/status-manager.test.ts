import assert from "node:assert/strict";
import { it } from "node:test";
import type { PodStatus } from "@jdos/api";
import { statusPatch } from "./status-manager.ts";

it("statusPatch() is undefined when nothing changed", () => {
  assert.equal(statusPatch({ phase: "Running" }, { phase: "Running" }), undefined);
});

it("statusPatch() names only what changed: conditions one by one, addresses replaced, what is gone as null", () => {
  const kept = { type: "Mine", status: "True" } as const;
  const from: PodStatus = {
    phase: "Pending",
    reason: "Old",
    podIPs: [{ ip: "10.0.0.1" }],
    conditions: [kept],
  };
  const ready = { type: "Ready", status: "True" } as const;
  const to: PodStatus = { phase: "Pending", podIPs: [{ ip: "10.0.0.2" }], conditions: [kept, ready] };
  assert.deepEqual(statusPatch(from, to), {
    reason: null,
    podIPs: [{ $patch: "replace" }, { ip: "10.0.0.2" }],
    conditions: [{ reason: null, message: null, ...ready }],
  });
});
