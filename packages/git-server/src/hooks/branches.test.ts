import assert from "node:assert/strict";
import { test } from "node:test";
import { branchesOf } from "./branches.ts";

test("branchesOf() is what the triggers say, else the branch of the source, else main and master", () => {
  const git = { url: "https://a/b" };
  assert.deepEqual(branchesOf({ triggers: { branches: ["x"] }, source: { git } }), ["x"]);
  assert.deepEqual(branchesOf({ source: { git: { ...git, revision: "develop" } } }), ["develop"]);
  assert.deepEqual(branchesOf({ source: { git: { ...git, revision: "a".repeat(40) } } }), ["main", "master"]);
  assert.deepEqual(branchesOf({ source: { git } }), ["main", "master"]);
});
