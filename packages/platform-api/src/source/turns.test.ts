import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Turns } from "./turns.ts";

describe("Turns", () => {
  it("run() lets so many work at once, and the others in the order they came", async () => {
    const turns = new Turns({ places: 2 });
    const order: number[] = [];
    let atWork = 0;
    let most = 0;
    const work = (number: number) =>
      turns.run(async () => {
        most = Math.max(most, ++atWork);
        order.push(number);
        await new Promise((resolve) => setImmediate(resolve));
        atWork--;
      });
    await Promise.all([0, 1, 2, 3, 4, 5, 6].map(work));
    assert.equal(most, 2);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
  });

  it("run() refuses whom it cannot seat, whom nobody makes room for, and goes on after a failure", async () => {
    const turns = new Turns({ places: 1, waiting: 1, patienceSeconds: 0.05 });
    let end = (): void => {};
    const first = turns.run(() => new Promise<void>((resolve) => (end = resolve)));
    const second = turns.run(async () => "second");
    const busy = { code: "TooManyRequests" };
    await assert.rejects(
      turns.run(async () => "third"),
      busy,
    );
    await assert.rejects(second, busy);
    const fourth = turns.run(async () => {
      throw new Error("fourth");
    });
    end();
    await first;
    await assert.rejects(fourth, { message: "fourth" });
    assert.equal(await turns.run(async () => "fifth"), "fifth");
  });
});
