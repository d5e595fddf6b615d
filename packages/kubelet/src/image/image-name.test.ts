import assert from "node:assert/strict";
import { it } from "node:test";
import { defaultPullPolicy, parseImageName } from "./image-name.ts";

const digest = `sha256:${"a".repeat(64)}`;

for (const [text, host, repository, reference] of [
  ["nginx", "docker.io", "nginx", "nginx:latest"],
  ["team/app:1.2", "docker.io", "team/app", "team/app:1.2"],
  ["registry.example/team/app", "registry.example", "team/app", "registry.example/team/app:latest"],
  ["localhost/app:1", "localhost", "app", "localhost/app:1"],
  ["127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000", "a/b/c", "127.0.0.1:5000/a/b/c:x"],
  [`registry.example/app:1@${digest}`, "registry.example", "app", `registry.example/app:1@${digest}`],
] as const) {
  it(`parseImageName() reads "${text}"`, () => {
    assert.deepEqual(parseImageName(text), { host, repository, reference });
  });
}

for (const text of ["", "Upper/case", "a b", "app:", "app@sha256:12", "../app", "http://x/y"]) {
  it(`parseImageName() refuses "${text}"`, () => assert.equal(parseImageName(text), undefined));
}

it("defaultPullPolicy() is Always for what moves", () => {
  assert.equal(defaultPullPolicy("app"), "Always");
  assert.equal(defaultPullPolicy("app:latest"), "Always");
  assert.equal(defaultPullPolicy("app:1"), "IfNotPresent");
  assert.equal(defaultPullPolicy(`app@${digest}`), "IfNotPresent");
});
