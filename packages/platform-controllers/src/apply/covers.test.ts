import assert from "node:assert/strict";
import test from "node:test";
import { covers } from "./covers.ts";

const cases: [string, { live: unknown; wanted: unknown; covered: boolean }][] = [
  ["what the server added", { live: { a: 1, b: 2 }, wanted: { a: 1 }, covered: true }],
  ["another value", { live: { a: 1 }, wanted: { a: 2 }, covered: false }],
  ["a member that is missing", { live: {}, wanted: { a: 1 }, covered: false }],
  ["a member that is not wanted to be anything", { live: {}, wanted: { a: undefined }, covered: true }],
  ["zero that was left out", { live: {}, wanted: { delay: 0 }, covered: true }],
  [
    "an empty text that was left out",
    { live: [{ name: "A" }], wanted: [{ name: "A", value: "" }], covered: true },
  ],
  ["false that was left out", { live: {}, wanted: { tty: false }, covered: true }],
  ["an empty list that was left out", { live: {}, wanted: { rules: [] }, covered: true }],
  ["zero where there is something", { live: { replicas: 1 }, wanted: { replicas: 0 }, covered: false }],
  ["something where zero is", { live: { replicas: 0 }, wanted: { replicas: 1 }, covered: false }],
  ["a longer list", { live: [1, 2], wanted: [1], covered: false }],
  ["another order", { live: [1, 2], wanted: [2, 1], covered: false }],
  ["an empty list where there is something", { live: [1], wanted: [], covered: false }],
];
for (const [name, { live, wanted, covered }] of cases)
  test(`covers() ${covered ? "accepts" : "notices"} ${name}`, () =>
    assert.equal(covers(live, wanted), covered));
