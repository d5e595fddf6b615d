import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, cpuMillis, formatBytes, formatCpu, parseQuantity } from "./quantity.ts";

const values: [text: string, value: number | undefined][] = [
  ["0", 0],
  ["500m", 0.5],
  ["1.5", 1.5],
  [".5", 0.5],
  ["2e3", 2000],
  ["1E2", 100],
  ["1k", 1000],
  ["1Ki", 1024],
  ["1.5Gi", 1.5 * 2 ** 30],
  ["-1", -1],
  ["", undefined],
  ["1kb", undefined],
  ["1 Gi", undefined],
  ["ten", undefined],
];

for (const [text, value] of values) {
  test(`parseQuantity() reads "${text}"`, () => assert.equal(parseQuantity(text), value));
}

test("cpuMillis() rounds up, as requests do", () => {
  assert.equal(cpuMillis("0.0001"), 1);
  assert.equal(cpuMillis("100m"), 100);
  assert.equal(cpuMillis(undefined), 0);
});

test("bytes() reads memory", () => {
  assert.equal(bytes("64Mi"), 64 * 2 ** 20);
  assert.equal(bytes("128974848"), 128_974_848);
});

test("formatCpu() and formatBytes() write what can be read back", () => {
  assert.equal(formatCpu(1500), "1500m");
  assert.equal(formatCpu(2000), "2");
  for (const size of [0, 1, 1000, 1024, 1536, 3 * 2 ** 30]) assert.equal(bytes(formatBytes(size)), size);
});
