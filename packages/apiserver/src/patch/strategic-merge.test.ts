import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isStatus } from "@jdos/apimachinery";
import { strategicMerge } from "./strategic-merge.ts";

const containers = (...names: string[]) => names.map((name) => ({ name, image: `${name}:1` }));

describe("strategicMerge()", () => {
  const cases: [string, unknown, unknown, unknown][] = [
    [
      "merges maps and removes with null",
      { a: { b: 1, c: 2 } },
      { a: { b: null, d: 3 } },
      { a: { c: 2, d: 3 } },
    ],
    [
      "merges lists by their key and appends what is new",
      { containers: containers("a", "b") },
      {
        containers: [
          { name: "b", image: "b:2" },
          { name: "c", image: "c:1" },
        ],
      },
      {
        containers: [
          { name: "a", image: "a:1" },
          { name: "b", image: "b:2" },
          { name: "c", image: "c:1" },
        ],
      },
    ],
    ["replaces lists without a key", { args: ["a", "b"] }, { args: ["c"] }, { args: ["c"] }],
    [
      "deletes an item with $patch",
      { containers: containers("a", "b") },
      { containers: [{ name: "a", $patch: "delete" }] },
      { containers: containers("b") },
    ],
    [
      "replaces a list with $patch",
      { containers: containers("a", "b") },
      { containers: [{ name: "c", image: "c:1" }, { $patch: "replace" }] },
      { containers: containers("c") },
    ],
    ["replaces a map with $patch", { a: { b: 1 } }, { a: { $patch: "replace", c: 2 } }, { a: { c: 2 } }],
    [
      "keeps only $retainKeys",
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } },
      { strategy: { $retainKeys: ["type"], type: "Recreate" } },
      { strategy: { type: "Recreate" } },
    ],
    [
      "merges sets, and takes from them",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { finalizers: ["c"], "$deleteFromPrimitiveList/finalizers": ["a"] } },
      { metadata: { finalizers: ["b", "c"] } },
    ],
    [
      "orders by $setElementOrder",
      { containers: containers("a", "b", "c") },
      {
        "$setElementOrder/containers": [{ name: "c" }, { name: "a" }],
        containers: [{ name: "a", image: "a:1" }],
      },
      { containers: containers("c", "b", "a") },
    ],
    [
      "knows ports of containers by containerPort",
      { containers: [{ name: "a", ports: [{ containerPort: 80, name: "x" }] }] },
      { containers: [{ name: "a", ports: [{ containerPort: 80, name: "y" }] }] },
      { containers: [{ name: "a", ports: [{ containerPort: 80, name: "y" }] }] },
    ],
    [
      "leaves no directive in what it adds",
      {},
      { a: { $retainKeys: ["b"], b: 1 }, list: [{ $patch: "merge", c: 1 }] },
      { a: { b: 1 }, list: [{ c: 1 }] },
    ],
  ];
  for (const [title, target, patch, expected] of cases) {
    it(`strategicMerge() ${title}`, () =>
      assert.deepEqual(strategicMerge(structuredClone(target), patch), expected));
  }

  it("strategicMerge() refuses an item without its key, and an unknown directive", () => {
    const refused = (error: unknown) => isStatus(error, "BadRequest");
    assert.throws(() => strategicMerge({ containers: [] }, { containers: [{ image: "x" }] }), refused);
    assert.throws(() => strategicMerge({}, { a: { $patch: "shred" } }), refused);
  });
});
