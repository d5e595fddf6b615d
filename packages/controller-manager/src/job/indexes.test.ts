import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIndexes, parseIndexes } from "./indexes.ts";

for (const text of ["", "0", "0,1", "1,3-5,7", "0-9"]) {
  test(`formatIndexes() writes what parseIndexes() read: "${text}"`, () => {
    assert.equal(formatIndexes(parseIndexes(text)), text);
  });
}
