import assert from "node:assert/strict";
import { test } from "node:test";
import { DEPLOY_BRANCHES, matchesRef } from "./ref-pattern.ts";

test("matchesRef() takes * for one segment and ** for any text", () => {
  for (const [name, pattern, meant] of [
    ["main", "main", true],
    ["main2", "main", false],
    ["release/1.2", "release/*", true],
    ["release/1/2", "release/*", false],
    ["release/1/2", "release/**", true],
    ["v1.2.3", "v1.*", true],
    ["v1x2", "v1.*", false],
    ["a(b", "a(b", true],
  ] as const)
    assert.equal(matchesRef(name, [pattern]), meant, `${name} ${pattern}`);
  assert.equal(matchesRef("master", DEPLOY_BRANCHES), true);
  assert.equal(matchesRef("main", []), false);
});

test("matchesRef() is not slowed down by a pattern made for it", () => {
  const started = performance.now();
  assert.equal(matchesRef("a".repeat(255), [`${"**a".repeat(80)}b`]), false);
  assert.ok(performance.now() - started < 500);
});
