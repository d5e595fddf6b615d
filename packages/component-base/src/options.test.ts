import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readBoolean, readChoice, readInteger, readLogLevel } from "./options.ts";

describe("options", () => {
  it("readInteger() takes what is in range and names what is not", () => {
    assert.equal(readInteger({}, "JDOS_PORT", { fallback: 7 }), 7);
    assert.equal(readInteger({ JDOS_PORT: "80" }, "JDOS_PORT", { fallback: 7 }), 80);
    for (const bad of ["x", "1.5", "70000", "-1"]) {
      assert.throws(() => readInteger({ JDOS_PORT: bad }, "JDOS_PORT", { max: 65535, fallback: 7 }), {
        code: "InvalidOption",
        message: `Cannot read option JDOS_PORT: "${bad}" is not a whole number from 0 to 65535`,
      });
    }
  });

  it("readBoolean() and readChoice() refuse other words", () => {
    assert.equal(readBoolean({ A: "Yes" }, "A", false), true);
    assert.equal(readBoolean({ A: "off" }, "A", true), false);
    assert.throws(() => readBoolean({ A: "maybe" }, "A", true), { code: "InvalidOption" });
    assert.equal(readLogLevel({ JDOS_LOG_LEVEL: "debug" }), "debug");
    assert.throws(() => readChoice({ A: "x" }, "A", { choices: ["a", "b"], fallback: "a" }), /one of a, b/);
  });
});
