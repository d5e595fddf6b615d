import assert from "node:assert/strict";
import { test } from "node:test";
import { humanDuration, since } from "./human-duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const cases: readonly [number, string][] = [
  [-2 * SECOND, "<invalid>"],
  [-SECOND, "0s"],
  [0, "0s"],
  [119 * SECOND, "119s"],
  [2 * MINUTE, "2m"],
  [2 * MINUTE + 30 * SECOND, "2m30s"],
  [10 * MINUTE + 30 * SECOND, "10m"],
  [179 * MINUTE, "179m"],
  [3 * HOUR, "3h"],
  [3 * HOUR + 5 * MINUTE, "3h5m"],
  [8 * HOUR + 5 * MINUTE, "8h"],
  [47 * HOUR, "47h"],
  [2 * DAY, "2d"],
  [2 * DAY + 5 * HOUR, "2d5h"],
  [8 * DAY + 5 * HOUR, "8d"],
  [729 * DAY, "729d"],
  [2 * 365 * DAY, "2y"],
  [2 * 365 * DAY + 40 * DAY, "2y40d"],
  [9 * 365 * DAY, "9y"],
];

for (const [milliseconds, expected] of cases) {
  test(`humanDuration() prints ${milliseconds} ms as ${expected}`, () => {
    assert.equal(humanDuration(milliseconds), expected);
  });
}

test("since() says <unknown> where there is no time", () => {
  assert.equal(since(undefined, new Date()), "<unknown>");
});
