import assert from "node:assert/strict";
import { it } from "node:test";
import { expand } from "./expand.ts";

for (const [text, expected] of [
  ["$(A)/x", "1/x"],
  ["$$(A)", "$(A)"],
  ["$(UNKNOWN)", "$(UNKNOWN)"],
  ["$A $( $", "$A $( $"],
  ["$$$(A)", "$1"],
] as const) {
  it(`expand() turns "${text}" into "${expected}"`, () => {
    assert.equal(
      expand(text, (name) => (name === "A" ? "1" : undefined)),
      expected,
    );
  });
}
