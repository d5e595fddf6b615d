import assert from "node:assert/strict";
import { it } from "node:test";
import { createSlots } from "./slots.ts";

it("createSlots() runs so many at once, what is urgent before the rest", async () => {
  const slots = createSlots(2);
  const begun: string[] = [];
  const release: (() => void)[] = [];
  const work = (name: string, urgent = false) =>
    slots(
      () => {
        begun.push(name);
        return new Promise<void>((resolve) => release.push(resolve));
      },
      { urgent },
    );
  const all = [work("a"), work("b"), work("c"), work("d", true), work("e")];
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  await settle();
  assert.deepEqual(begun, ["a", "b"]);
  for (const expected of ["d", "c", "e"]) {
    release.shift()!();
    await settle();
    assert.equal(begun.at(-1), expected);
  }
  for (const end of release) end();
  await Promise.all(all);
});

it("createSlots() gives the slot of failed work to the next", async () => {
  const slots = createSlots(1);
  await assert.rejects(slots(() => Promise.reject(new Error("no"))));
  assert.equal(await slots(async () => 1), 1);
});
