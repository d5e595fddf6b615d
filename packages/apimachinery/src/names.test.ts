import assert from "node:assert/strict";
import { test } from "node:test";
import { isDnsLabel, isDnsLabel1035, isDnsSubdomain, randomSuffix } from "./names.ts";

const names: [name: string, label: boolean, label1035: boolean, subdomain: boolean][] = [
  ["web", true, true, true],
  ["web-1", true, true, true],
  ["1web", true, false, true],
  ["a.b", false, false, true],
  ["Web", false, false, false],
  ["-web", false, false, false],
  ["web-", false, false, false],
  ["", false, false, false],
  ["a..b", false, false, false],
  ["x".repeat(63), true, true, true],
  ["x".repeat(64), false, false, true],
  ["x".repeat(254), false, false, false],
];

for (const [name, label, label1035, subdomain] of names) {
  test(`names: "${name.length > 20 ? `${name.length} letters` : name}"`, () => {
    assert.deepEqual(
      [isDnsLabel(name), isDnsLabel1035(name), isDnsSubdomain(name)],
      [label, label1035, subdomain],
    );
  });
}

test("randomSuffix() makes names that are allowed and differ", () => {
  const suffixes = Array.from({ length: 100 }, () => randomSuffix());
  assert.ok(suffixes.every((suffix) => suffix.length === 5 && isDnsLabel(suffix)));
  assert.ok(new Set(suffixes).size > 95);
});
