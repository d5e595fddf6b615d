import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readTarget } from "./deploy.ts";
import { secondsOf } from "./seconds-of.ts";

describe("readTarget()", () => {
  it("readTarget() tells images, git URLs and directories apart", () => {
    assert.deepEqual(readTarget("image:demo/x:1", false), {
      kind: "ready",
      source: { image: { reference: "demo/x:1" } },
    });
    assert.deepEqual(readTarget("https://git.example/shop.git#v2", false), {
      kind: "ready",
      source: { git: { url: "https://git.example/shop.git", revision: "v2" } },
    });
    assert.deepEqual(readTarget("git@git.example:team/shop", false), {
      kind: "ready",
      source: { git: { url: "git@git.example:team/shop" } },
    });
    assert.deepEqual(readTarget("examples/hello-node", false), {
      kind: "directory",
      path: "examples/hello-node",
    });
    assert.deepEqual(readTarget("a@b:c", true), { kind: "directory", path: "a@b:c" });
  });
});

describe("secondsOf()", () => {
  it("secondsOf() reads seconds, minutes, hours and days", () => {
    assert.deepEqual(
      ["90", "90s", "10m", "2h", "1d"].map((text) => secondsOf("since", text)),
      [90, 90, 600, 7200, 86_400],
    );
    for (const wrong of ["0", "-1", "1w", "soon"])
      assert.throws(() => secondsOf("since", wrong), { code: "Usage" });
  });
});
