import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "@jdos/component-base/testing";
import { Expectations } from "./expectations.ts";

describe("Expectations", () => {
  it("satisfied() waits for every creation and deletion", () => {
    const expectations = new Expectations({ clock: new FakeClock() });
    assert.ok(expectations.satisfied("a"));
    expectations.expectCreations("a", 2);
    expectations.creationObserved("a");
    assert.ok(!expectations.satisfied("a"));
    expectations.creationObserved("a");
    assert.ok(expectations.satisfied("a"));
    expectations.expectDeletions("a", ["u1", "u2"]);
    expectations.deletionObserved("a", "u1");
    expectations.deletionObserved("a", "u1");
    assert.ok(!expectations.satisfied("a"));
    expectations.deletionObserved("a", "u2");
    assert.ok(expectations.satisfied("a"));
  });

  it("satisfied() gives up after five minutes", () => {
    const clock = new FakeClock();
    const expectations = new Expectations({ clock });
    expectations.expectCreations("a", 1);
    clock.advance(299_000);
    assert.ok(!expectations.satisfied("a"));
    clock.advance(2000);
    assert.ok(expectations.satisfied("a"));
  });
});
