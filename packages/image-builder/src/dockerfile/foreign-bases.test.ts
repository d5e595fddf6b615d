import assert from "node:assert/strict";
import test from "node:test";
import { fullName, mayBeForeign } from "./foreign-bases.ts";

test("mayBeForeign() leaves out nothing, and stages by their id", () => {
  const names = ["scratch", "b".repeat(64), "node:24", "ghcr.io/a/b@sha256:0", "x".repeat(200)];
  assert.deepEqual(names.filter(mayBeForeign), ["node:24", "ghcr.io/a/b@sha256:0"]);
});

test("fullName() gives names without a host that of Docker Hub", () => {
  const names = ["node:24", "team/app", "ghcr.io/a/b:1", "localhost/a", "127.0.0.1:5000/a"];
  assert.deepEqual(names.map(fullName), [
    "docker.io/library/node:24",
    "docker.io/team/app",
    "ghcr.io/a/b:1",
    "localhost/a",
    "127.0.0.1:5000/a",
  ]);
});
