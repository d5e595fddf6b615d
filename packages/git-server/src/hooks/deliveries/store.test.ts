import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { NewDelivery } from "./delivery.ts";
import { DeliveryStore } from "./store.ts";

const hook = "uid-1";
const delivery = (id: string, given: Partial<NewDelivery> = {}): NewDelivery => ({
  hook,
  id,
  time: "2026-11-28T22:00:00.000Z",
  event: { kind: "ping" },
  outcome: "Answered",
  message: "",
  body: Buffer.from(id),
  ...given,
});

describe("DeliveryStore", () => {
  let directory: string;
  let store: DeliveryStore;
  const path = () => join(directory, "hooks.sqlite");
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jdos-deliveries-"));
    store = new DeliveryStore(path());
  });
  afterEach(() => {
    store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("record() keeps each id and each body once a hook, also after a restart", async () => {
    assert.equal(await store.record(delivery("a")), true);
    store.close();
    store = new DeliveryStore(path());
    assert.equal(await store.record(delivery("a", { body: Buffer.from("other") })), false);
    assert.equal(await store.record(delivery("b", { body: Buffer.from("a") })), false);
    assert.equal(await store.record(delivery("c", { body: Buffer.from("a"), unique: false })), true);
    assert.equal(await store.record(delivery("a", { hook: "uid-2" })), true);
    const same = await Promise.all([store.record(delivery("d")), store.record(delivery("d"))]);
    assert.deepEqual(same, [true, false], "within one transaction");
  });

  it("record() keeps the last 100 of a hook and those that are open, and knows the others' ids", async () => {
    await store.record(delivery("open", { outcome: "Queued" }));
    await Promise.all(Array.from({ length: 250 }, (_, index) => store.record(delivery(`id-${index}`))));
    const kept = store.latest(hook, 1000);
    assert.ok(kept.length >= 101 && kept.length <= 126, String(kept.length));
    assert.deepEqual([kept[0]?.id, kept.at(-1)?.id], ["id-249", "open"]);
    assert.equal(await store.record(delivery("id-0")), false);
  });

  it("record() forgets the oldest bodies where there is no room, and not the deliveries", async () => {
    store.close();
    store = new DeliveryStore(path(), { bodyBytes: 1000 });
    for (let index = 0; index < 5; index++)
      await store.record(
        delivery(`${index}`, { body: Buffer.alloc(300, String(index)), hook: `uid-${index % 2}` }),
      );
    const bodies = [0, 1]
      .flatMap((number) => store.latest(`uid-${number}`, 10))
      .filter(({ sequence }) => store.received(sequence) !== undefined)
      .map(({ id }) => id)
      .sort();
    assert.deepEqual(bodies, ["2", "3", "4"]);
  });

  it("keepOnly() forgets all of other hooks", async () => {
    await store.record(delivery("a"));
    await store.record(delivery("a", { hook: "uid-2" }));
    store.keepOnly([hook]);
    assert.deepEqual([store.latest(hook, 9).length, store.latest("uid-2", 9).length], [1, 0]);
    assert.equal(await store.record(delivery("a", { hook: "uid-2" })), true);
  });

  it("settle() says what became of a delivery, and open() lists the others", async () => {
    await store.record(delivery("a", { outcome: "Queued" }));
    await store.record(delivery("b", { outcome: "Queued" }));
    const [first] = store.open(hook);
    store.settle(
      new Map([
        [first!.sequence, { outcome: "Built", message: "done", application: "shop", build: "shop-b1" }],
      ]),
    );
    assert.deepEqual(
      store.open(hook).map(({ id }) => id),
      ["b"],
    );
    assert.deepEqual([store.find(hook, "a")?.outcome, store.find(hook, "a")?.build], ["Built", "shop-b1"]);
  });
});
