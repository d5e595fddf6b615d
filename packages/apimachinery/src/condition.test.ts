import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Condition,
  findCondition,
  formatMicroTime,
  formatTime,
  isConditionTrue,
  setCondition,
} from "./condition.ts";

const early = new Date("2026-01-01T00:00:00.999Z");
const late = new Date("2026-01-02T00:00:00Z");

test("setCondition() moves lastTransitionTime only with the status", () => {
  const first = setCondition<Condition>(
    undefined,
    { type: "Ready", status: "False", reason: "Starting" },
    early,
  );
  const second = setCondition(first, { type: "Ready", status: "False", reason: "Waiting" }, late);
  assert.equal(findCondition(second, "Ready")?.lastTransitionTime, "2026-01-01T00:00:00Z");
  assert.equal(findCondition(second, "Ready")?.reason, "Waiting");
  const third = setCondition(second, { type: "Ready", status: "True" }, late);
  assert.equal(findCondition(third, "Ready")?.lastTransitionTime, "2026-01-02T00:00:00Z");
});

test("setCondition() returns the same list when nothing changed", () => {
  const list = setCondition<Condition>(undefined, { type: "Ready", status: "True" }, early);
  assert.equal(setCondition(list, { type: "Ready", status: "True" }, late), list);
});

test("setCondition() leaves other conditions alone", () => {
  const list = setCondition([{ type: "Built", status: "True" }], { type: "Ready", status: "False" }, early);
  assert.deepEqual(
    list.map(({ type }) => type),
    ["Built", "Ready"],
  );
  assert.equal(isConditionTrue(list, "Built"), true);
  assert.equal(isConditionTrue(list, "Ready"), false);
  assert.equal(isConditionTrue(undefined, "Ready"), false);
});

test("formatTime() and formatMicroTime() write Kubernetes' times", () => {
  assert.equal(formatTime(early), "2026-01-01T00:00:00Z");
  assert.equal(formatMicroTime(early), "2026-01-01T00:00:00.999000Z");
});
