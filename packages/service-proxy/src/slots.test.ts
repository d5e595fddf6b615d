import assert from "node:assert/strict";
import { test } from "node:test";
import { placeInSlots } from "./slots.ts";

const cases: [string, string, string][] = [
  ["", "abc", "abc"],
  ["abc", "abc", "abc"],
  ["abc", "cba", "abc"],
  ["abc", "ac", "ac"],
  ["abc", "bc", "cb"],
  ["abc", "abcd", "abcd"],
  ["abc", "xbc", "xbc"],
  ["abcd", "d", "d"],
  ["abcd", "dx", "xd"],
  ["abc", "", ""],
];

for (const [current, wanted, expected] of cases) {
  test(`placeInSlots() turns "${current}" wanting "${wanted}" into "${expected}"`, () => {
    assert.equal(placeInSlots([...current], [...wanted]).join(""), expected);
  });
}
