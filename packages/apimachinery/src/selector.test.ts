import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatSelector,
  matchesRequirements,
  matchesSelector,
  parseFieldSelector,
  parseSelector,
} from "./selector.ts";

const LABELS = { app: "web", tier: "front", weight: "5" };

const matching: [selector: string, matches: boolean][] = [
  ["", true],
  ["app=web", true],
  ["app==web,tier=front", true],
  ["app=web,tier=back", false],
  ["app!=api", true],
  ["missing!=x", true],
  ["app in (web, api)", true],
  ["app notin (web,api)", false],
  ["missing notin (x)", true],
  ["tier", true],
  ["!tier", false],
  ["!missing", true],
  ["weight>4", true],
  ["weight<4", false],
  ["example.com/role=x", false],
];

for (const [selector, matches] of matching) {
  test(`parseSelector() reads "${selector}"`, () => {
    assert.equal(matchesRequirements(parseSelector(selector), LABELS), matches);
  });
}

for (const selector of ["a b", "app in web", "=x", "app=a b", "-bad=x", `app=${"x".repeat(64)}`]) {
  test(`parseSelector() refuses "${selector}"`, () => {
    assert.throws(() => parseSelector(selector), { reason: "BadRequest" });
  });
}

test("matchesSelector() matches everything when empty and nothing when absent", () => {
  assert.equal(matchesSelector({}, LABELS), true);
  assert.equal(matchesSelector(undefined, LABELS), false);
});

test("formatSelector() writes what parseSelector() reads the same way", () => {
  const selector = {
    matchLabels: { app: "web" },
    matchExpressions: [
      { key: "tier", operator: "NotIn", values: ["back", "side"] },
      { key: "canary", operator: "DoesNotExist" },
    ],
  };
  const text = formatSelector(selector);
  assert.equal(text, "app=web,tier notin (back,side),!canary");
  assert.equal(matchesRequirements(parseSelector(text), LABELS), matchesSelector(selector, LABELS));
});

test("parseFieldSelector() reads equal and unequal terms", () => {
  assert.deepEqual(parseFieldSelector("metadata.name=a,status.phase!=Running"), [
    { path: "metadata.name", equal: true, value: "a" },
    { path: "status.phase", equal: false, value: "Running" },
  ]);
  assert.throws(() => parseFieldSelector("status.phase"), { reason: "BadRequest" });
});
