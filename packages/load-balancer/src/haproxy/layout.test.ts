import assert from "node:assert/strict";
import { test } from "node:test";
import type { Desired, Server } from "../model/desired.ts";
import { EMPTY_LAYOUT, type Layout, layOut, shapeOf } from "./layout.ts";

const server = (last: number, state: Server["state"] = "ready"): Server => ({
  address: `10.0.0.${last}`,
  port: 80,
  state,
});
const wanted = (...servers: Server[]): Desired => ({
  backends: [{ name: "b", mode: "http", unavailable: "none", servers }],
  routes: [],
  tcp: [],
});
const slots = (layout: Layout) =>
  layout.backends[0]!.slots.map((slot) => slot?.address.at(-1) ?? "-").join("");

test("layOut() keeps servers in their slots and puts new ones in slots that were free", () => {
  const first = layOut(wanted(server(1), server(2)), EMPTY_LAYOUT);
  assert.equal(slots(first), "12------");
  const second = layOut(wanted(server(2), server(3)), first);
  assert.equal(slots(second), "-23-----");
  assert.equal(shapeOf(second), shapeOf(first));
});

test("layOut() changes the shape only when the slots run out", () => {
  const many = Array.from({ length: 5 }, (_, index) => server(index + 1));
  const grown = layOut(wanted(...many), layOut(wanted(server(1)), EMPTY_LAYOUT));
  assert.equal(grown.backends[0]?.slots.length, 16);
  const shrunk = layOut(wanted(server(1)), grown);
  assert.equal(shapeOf(shrunk), shapeOf(grown));
});

test("layOut() changes a state in place", () => {
  const first = layOut(wanted(server(1)), EMPTY_LAYOUT);
  const drained = layOut(wanted(server(1, "draining")), first);
  assert.equal(drained.backends[0]?.slots[0]?.state, "draining");
  assert.equal(shapeOf(drained), shapeOf(first));
});
