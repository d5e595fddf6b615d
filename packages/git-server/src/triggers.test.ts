import assert from "node:assert/strict";
import { test } from "node:test";
import { branchesOf, matchesAny, matchesPattern } from "./triggers.ts";

test("matchesPattern() describes whole names, with * within a part and ** across", () => {
  const cases = {
    main: ["main"],
    "release/*": ["release/1", "release/"],
    "release/**": ["release/1", "release/1/2"],
    "v?.*": ["v1.2", "v2."],
    "**": ["a/b", ""],
    "a+(b)[c].d": ["a+(b)[c].d"],
  };
  for (const [pattern, names] of Object.entries(cases))
    for (const name of names) assert.equal(matchesPattern(pattern, name), true, `${pattern} ${name}`);
  for (const [pattern, name] of [
    ["main", "main2"],
    ["main", "Main"],
    ["release/*", "release/1/2"],
    ["v?", "v/"],
    ["a.c", "abc"],
  ] as const)
    assert.equal(matchesPattern(pattern, name), false, `${pattern} ${name}`);
});

test("matchesPattern() takes no longer for a pattern made to take long", () => {
  const since = performance.now();
  for (let count = 0; count < 50; count++) matchesPattern("**a".repeat(80), `${"a".repeat(250)}b`);
  assert.ok(performance.now() - since < 2000);
});

test("branchesOf() is what the triggers say, else the branch of the source, else main and master", () => {
  const git = { url: "https://a/b" };
  assert.deepEqual(branchesOf({ triggers: { branches: ["x"] }, source: { git } }), ["x"]);
  assert.deepEqual(branchesOf({ source: { git: { ...git, revision: "develop" } } }), ["develop"]);
  assert.deepEqual(branchesOf({ source: { git: { ...git, revision: "a".repeat(40) } } }), ["main", "master"]);
  assert.equal(matchesAny(branchesOf({ source: { git } }), "main"), true);
});
