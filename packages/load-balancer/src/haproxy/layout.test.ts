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
  layout.backends[0]!.slots.map((slot) => slot?.address.at(-1) ?? "-")
    .join("")
    .replace(/-+$/, "");

test("layOut() keeps servers in their slots and puts new ones in slots that were free", () => {
  const first = layOut(wanted(server(1), server(2)), EMPTY_LAYOUT);
  assert.equal(slots(first), "12");
  const second = layOut(wanted(server(2), server(3)), first);
  assert.equal(slots(second), "-23");
  assert.equal(shapeOf(second), shapeOf(first));
});

test("layOut() changes the shape only when the slots run out", () => {
  const many = Array.from({ length: 9 }, (_, index) => server(index + 1));
  const grown = layOut(wanted(...many), layOut(wanted(server(1)), EMPTY_LAYOUT));
  assert.equal(grown.backends[0]?.slots.length, 32);
  const shrunk = layOut(wanted(server(1)), grown);
  assert.equal(shapeOf(shrunk), shapeOf(grown));
});

test("layOut() keeps the shape while servers of one deploy after another drain", () => {
  const first = layOut(wanted(server(1), server(2), server(3)), EMPTY_LAYOUT);
  const draining = Array.from({ length: 12 }, (_, index) => server(index + 10, "draining"));
  const busy = layOut(wanted(server(1), server(2), server(3), ...draining), first);
  assert.equal(shapeOf(busy), shapeOf(first));
  assert.equal(busy.backends[0]?.slots.filter((slot) => slot !== null).length, 15);
});

test("layOut() changes a state in place", () => {
  const first = layOut(wanted(server(1)), EMPTY_LAYOUT);
  const drained = layOut(wanted(server(1, "draining")), first);
  assert.equal(drained.backends[0]?.slots[0]?.state, "draining");
  assert.equal(shapeOf(drained), shapeOf(first));
});

const apps = (...names: string[]): Desired => ({
  backends: names.map((name) => ({ name, mode: "http", unavailable: "none", servers: [] })),
  routes: [],
  tcp: [],
});
const served = (layout: Layout) =>
  layout.backends.flatMap(({ name, serves }) => (serves === null ? [] : [`${name} ${serves}`]));

test("layOut() places new backends in the pool without a change of shape", () => {
  const first = layOut(apps("a"), EMPTY_LAYOUT);
  const second = layOut(apps("a", "b"), first);
  assert.deepEqual(served(second), ["http-0 a", "http-1 b"]);
  assert.equal(shapeOf(second), shapeOf(first));
});

test("layOut() gives the place of a backend that went only in the next round", () => {
  const first = layOut(apps("a", "b"), EMPTY_LAYOUT);
  const second = layOut(apps("b", "c"), first);
  assert.deepEqual(served(second), ["http-1 b", "http-2 c"]);
  assert.deepEqual(served(layOut(apps("b", "c", "d"), second)), ["http-0 d", "http-1 b", "http-2 c"]);
});

test("layOut() doubles the pool when it is full", () => {
  const names = Array.from({ length: 17 }, (_, index) => `app${index}`);
  const grown = layOut(apps(...names), EMPTY_LAYOUT);
  assert.equal(grown.backends.length, 32);
  assert.equal(served(grown).length, 17);
});
