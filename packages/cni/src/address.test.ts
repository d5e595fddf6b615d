import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, macOf, parseAddress, parseRange } from "./address.ts";

test("parseAddress() and formatAddress() are inverse up to the last address", () => {
  for (const text of ["0.0.0.0", "10.64.0.5", "192.168.255.1", "255.255.255.255"]) {
    assert.equal(formatAddress(parseAddress(text)), text);
  }
});

test("parseAddress() refuses what is no address", () => {
  for (const text of ["", "10.0.0", "10.0.0.256", "10.0.0.x", "1.2.3.4.5"])
    assert.throws(() => parseAddress(text), RangeError);
});

test("parseRange() leaves out the network's own and the broadcast address", () => {
  const { first, last } = parseRange("10.64.0.7/24");
  assert.equal(formatAddress(first), "10.64.0.1");
  assert.equal(formatAddress(last), "10.64.0.254");
});

test("macOf() follows from the address", () => {
  assert.equal(macOf("10.64.0.255"), "0a:58:0a:40:00:ff");
});
