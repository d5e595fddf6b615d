import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isStatus, type StatusReason } from "@jdos/apimachinery";
import { jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";

describe("jsonPatch()", () => {
  const cases: [string, unknown, unknown[], unknown][] = [
    [
      "adds members, items and to the end",
      { a: [1, 3] },
      [
        { op: "add", path: "/a/1", value: 2 },
        { op: "add", path: "/a/-", value: 4 },
        { op: "add", path: "/b", value: {} },
      ],
      { a: [1, 2, 3, 4], b: {} },
    ],
    [
      "replaces and removes",
      { a: { b: 1, c: 2 } },
      [
        { op: "replace", path: "/a/b", value: 5 },
        { op: "remove", path: "/a/c" },
      ],
      { a: { b: 5 } },
    ],
    [
      "moves and copies",
      { a: 1, list: [] },
      [
        { op: "copy", from: "/a", path: "/list/0" },
        { op: "move", from: "/a", path: "/b" },
      ],
      { b: 1, list: [1] },
    ],
    [
      "reads ~0 and ~1",
      { "a/b": { "~c": 1 } },
      [
        { op: "test", path: "/a~1b/~0c", value: 1 },
        { op: "replace", path: "/a~1b/~0c", value: 2 },
      ],
      { "a/b": { "~c": 2 } },
    ],
    ["takes a test of null for what is absent", {}, [{ op: "test", path: "/a", value: null }], {}],
  ];
  for (const [title, target, operations, expected] of cases) {
    it(`jsonPatch() ${title}`, () =>
      assert.deepEqual(jsonPatch(structuredClone(target), operations), expected));
  }

  const refusals: [string, unknown, unknown, StatusReason][] = [
    ["a test that fails", { a: 1 }, [{ op: "test", path: "/a", value: 2 }], "Invalid"],
    ["a missing member", {}, [{ op: "remove", path: "/a" }], "Invalid"],
    ["an index behind the end", { a: [] }, [{ op: "add", path: "/a/1", value: 1 }], "Invalid"],
    ["an index with a leading zero", { a: [1, 2] }, [{ op: "remove", path: "/a/01" }], "Invalid"],
    ["a parent that is missing", {}, [{ op: "add", path: "/a/b", value: 1 }], "Invalid"],
    ["an unknown operation", {}, [{ op: "shred", path: "/a" }], "BadRequest"],
    ["a patch that is no list", {}, { op: "add" }, "BadRequest"],
    ["a path without a slash", {}, [{ op: "add", path: "a", value: 1 }], "BadRequest"],
  ];
  for (const [title, target, operations, reason] of refusals) {
    it(`jsonPatch() refuses ${title}`, () =>
      assert.throws(
        () => jsonPatch(structuredClone(target), operations),
        (error) => isStatus(error, reason),
      ));
  }
});

describe("mergePatch()", () => {
  it("mergePatch() replaces lists, removes with null, and touches no prototype", () => {
    const patch = JSON.parse('{"a":null,"list":[3],"deep":{"x":1},"__proto__":{"polluted":true}}');
    const merged = mergePatch({ a: 1, list: [1, 2], deep: "text" }, patch) as Record<string, unknown>;
    assert.deepEqual(merged, { list: [3], deep: { x: 1 } });
    assert.equal(Reflect.get(merged, "polluted"), undefined);
  });
});
