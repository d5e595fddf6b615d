import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { grant, type RegistryIdentity } from "./grant.ts";
import { parseScopes } from "./scope.ts";

describe("parseScopes()", () => {
  it("parseScopes() reads one scope, several in one text, and a host with a port", () => {
    assert.deepEqual(parseScopes(["repository:demo/hello:pull,push"]), [
      { type: "repository", name: "demo/hello", actions: ["pull", "push"] },
    ]);
    assert.equal(parseScopes(["repository:a/b:pull repository:c/d:push", "registry:catalog:*"]).length, 3);
  });

  it("parseScopes() leaves out what is no repository name", () => {
    for (const scope of [
      "repository:../x:pull",
      "repository:A/b:pull",
      "repository:a/b",
      "",
      "plugin:a:pull",
      "repository:a//b:pull",
    ]) {
      assert.deepEqual(parseScopes([scope]), [], scope);
    }
  });
});

describe("grant()", () => {
  const application: RegistryIdentity = { kind: "application", system: "demo", app: "hello" };
  const of = (identity: RegistryIdentity, scope: string): string[] =>
    grant(identity, parseScopes([scope])).flatMap(({ actions }) => actions);

  it("grant() lets a build push to and pull from its own repository alone", () => {
    assert.deepEqual(of(application, "repository:demo/hello:pull,push,delete"), ["pull", "push"]);
    assert.deepEqual(of(application, "repository:demo/hello2:pull,push"), []);
    assert.deepEqual(of(application, "repository:demo/hello/x:pull,push"), []);
    assert.deepEqual(of(application, "repository:other/hello:pull"), []);
  });

  it("grant() lets a build pull the platform's images and not push them", () => {
    assert.deepEqual(of(application, "repository:jdos/base:pull,push"), ["pull"]);
  });

  it("grant() lets retention read everything and delete what applications pushed", () => {
    assert.deepEqual(of({ kind: "retention" }, "repository:demo/hello:pull,push,delete"), ["pull", "delete"]);
    assert.deepEqual(of({ kind: "retention" }, "repository:jdos/base:pull,delete"), ["pull"]);
    assert.deepEqual(of({ kind: "retention" }, "registry:catalog:*"), []);
  });

  it("grant() lets the node pull everything and the administrator do everything", () => {
    assert.deepEqual(of({ kind: "node" }, "repository:demo/hello:pull,push"), ["pull"]);
    assert.deepEqual(of({ kind: "node" }, "registry:catalog:*"), []);
    assert.deepEqual(of({ kind: "admin" }, "registry:catalog:*"), ["*"]);
  });
});
