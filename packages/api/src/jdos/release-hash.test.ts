import assert from "node:assert/strict";
import test from "node:test";
import type { ReleaseSpec } from "./release.ts";
import { canonicalJson, releaseHash } from "./release-hash.ts";

const spec: ReleaseSpec = {
  application: "web",
  number: 1,
  image: "x@sha256:1",
  run: { env: [{ name: "A", value: "1" }], cpu: "1" },
  hash: "",
};

test("releaseHash() does not depend on the order of members or on the hash itself", () => {
  const { application, number, image, run } = spec;
  assert.equal(releaseHash({ run, image, number, application }), releaseHash(spec));
  assert.equal(releaseHash({ ...spec, hash: "other" } as ReleaseSpec), releaseHash(spec));
});

test("releaseHash() changes with everything else", () => {
  for (const change of [{ number: 2 }, { image: "y" }, { run: {} }, { rollbackTo: 1 }, { routes: [] }]) {
    assert.notEqual(releaseHash({ ...spec, ...change }), releaseHash(spec));
  }
});

test("canonicalJson() leaves undefined members out and keeps the order of lists", () => {
  assert.equal(
    canonicalJson({ b: [2, 1], a: undefined, c: { z: null, y: "é" } }),
    '{"b":[2,1],"c":{"y":"é","z":null}}',
  );
});
