import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddressRange } from "./address-range.ts";

describe("AddressRange", () => {
  it("allocate() gives the upper part first, then the lower, then nothing", () => {
    const range = new AddressRange("10.0.0.0/27");
    const given: string[] = [];
    for (let address = range.allocate(); address !== undefined; address = range.allocate())
      given.push(address);
    assert.equal(given[0], "10.0.0.16");
    assert.equal(given.length, 30);
    assert.equal(new Set(given).size, 30);
    assert.ok(!given.includes("10.0.0.0") && !given.includes("10.0.0.31"));
    range.release("10.0.0.20");
    assert.equal(range.allocate(), "10.0.0.20");
  });

  it("contains() knows the range without its first and last address", () => {
    const range = new AddressRange("10.0.0.0/24");
    assert.deepEqual(
      ["10.0.0.0", "10.0.0.1", "10.0.0.254", "10.0.0.255", "10.0.1.1", "nonsense"].map((address) =>
        range.contains(address),
      ),
      [false, true, true, false, false, false],
    );
  });
});
