import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalQuantity } from "./canonical-quantity.ts";

const cases: readonly [string | number, string | undefined][] = [
  ["0.5", "500m"],
  ["1", "1"],
  [2, "2"],
  [0.1, "100m"],
  ["1000", "1k"],
  ["1000m", "1"],
  ["1500m", "1500m"],
  ["1024Mi", "1Gi"],
  ["1.5Gi", "1536Mi"],
  ["512Ki", "512Ki"],
  ["0.5Ki", "512"],
  ["1e3", "1e3"],
  ["12e6", "12e6"],
  ["-1", "-1"],
  ["0", "0"],
  ["0Mi", "0"],
  ["64Mi", "64Mi"],
  ["1.", "1"],
  [".5", "500m"],
  ["1Gb", undefined],
  ["abc", undefined],
  ["", undefined],
];

for (const [given, expected] of cases) {
  test(`canonicalQuantity() turns ${JSON.stringify(given)} into ${JSON.stringify(expected)}`, () => {
    assert.equal(canonicalQuantity(given), expected);
  });
}
