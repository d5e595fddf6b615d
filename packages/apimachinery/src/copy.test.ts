import assert from "node:assert/strict";
import { test } from "node:test";
import { deepCopy, deepEqual, deepFreeze } from "./copy.ts";

test("deepCopy() normalises as JSON would", () => {
  const value = { a: undefined, b: [1, undefined], c: { d: new Date(0) } };
  assert.deepEqual(deepCopy<unknown>(value), JSON.parse(JSON.stringify(value)));
});

test("deepCopy() of a frozen object can be written", () => {
  const frozen = deepFreeze({ list: [{ a: 1 }] });
  const copy = deepCopy<{ list: { a: number }[] }>(frozen);
  copy.list[0]!.a = 2;
  assert.equal(frozen.list[0]?.a, 1);
});

test("deepFreeze() reaches every level", () => {
  const frozen = deepFreeze({ list: [{ a: { b: 1 } }] });
  assert.ok(
    Object.isFrozen(frozen.list) && Object.isFrozen(frozen.list[0]) && Object.isFrozen(frozen.list[0]?.a),
  );
});

const comparisons: [a: unknown, b: unknown, equal: boolean][] = [
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [null, undefined, false],
  ["1", 1, false],
];

for (const [a, b, equal] of comparisons) {
  test(`deepEqual() of ${JSON.stringify(a)} and ${JSON.stringify(b)} is ${equal}`, () => {
    assert.equal(deepEqual(a, b), equal);
    assert.equal(deepEqual(b, a), equal);
  });
}
