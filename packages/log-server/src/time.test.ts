import assert from "node:assert/strict";
import { test } from "node:test";
import { nanosOf, normalTime, timeText } from "./time.ts";

test("normalTime() writes any RFC 3339 time in UTC with nine digits", () => {
  assert.equal(normalTime("2026-01-02T03:04:05.6+02:00"), "2026-01-02T01:04:05.600000000Z");
  assert.equal(normalTime("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05.000000000Z");
  assert.equal(normalTime("2026-01-02T03:04:05.123456789Z"), "2026-01-02T03:04:05.123456789Z");
  for (const text of ["", "yesterday", "2026-01-02", "2026-13-02T03:04:05Z"])
    assert.equal(normalTime(text), undefined);
});

test("timeText() gives back what nanosOf() read", () => {
  const text = "2026-11-29T04:46:26.000000001Z";
  assert.equal(timeText(nanosOf(text)!), text);
});
