import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { surplusOf } from "./judge.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const source = (seconds: number): string => `source-${seconds}-${"0".repeat(12)}`;
const named = (letter: string) =>
  new Map([[digest(letter), [{ kind: "Release", namespace: "demo", name: "hello-v1" }]]]);
const cache = (letter: string): string => `cache-${letter.repeat(40)}`;

function plan(
  tags: Record<string, string>,
  needs: Partial<Parameters<typeof surplusOf>[1]> = {},
  layers: Record<string, string[]> = {},
): Promise<string[]> {
  return surplusOf(
    { tags: new Map(Object.entries(tags)), layersOf: async (each) => layers[each] ?? [] },
    { named: new Map(), builds: new Set(), sourcesSince: 1000, ...needs },
  );
}

describe("surplusOf()", () => {
  it("surplusOf() takes images and logs of Builds that are gone, and sources of long ago", async () => {
    const tags = {
      "build-hello-b1": digest("1"),
      "log-hello-b1": digest("2"),
      "build-hello-b2": digest("3"),
      "log-hello-b2": digest("4"),
      [source(999)]: digest("5"),
      [source(1000)]: digest("6"),
    };
    const surplus = await plan(tags, { builds: new Set(["hello-b2"]) });
    assert.deepEqual(surplus, [digest("1"), digest("2"), digest("5")]);
  });

  it("surplusOf() keeps the newest image, whose layers the next one shares, while there are Builds", async () => {
    const tags = { "build-hello-b1": digest("1"), "last-build": digest("1") };
    assert.deepEqual(await plan(tags, { builds: new Set(["hello-b2"]) }), []);
    assert.deepEqual(await plan(tags), [digest("1")]);
  });

  it("surplusOf() keeps what an object names, and what a tag that is not ours leads to", async () => {
    const tags = {
      "build-hello-b1": digest("1"),
      "build-hello-b2": digest("2"),
      latest: digest("2"),
      "v1.0": digest("3"),
      "cache-of-somebody": digest("4"),
      "source-old": digest("5"),
    };
    assert.deepEqual(await plan(tags, { named: named("1") }), []);
  });

  it("surplusOf() keeps one digest of two builds until both are gone", async () => {
    const tags = { "build-hello-b1": digest("1"), "build-hello-b7": digest("1") };
    assert.deepEqual(await plan(tags, { builds: new Set(["hello-b7"]) }), []);
    assert.deepEqual(await plan(tags), [digest("1")]);
  });

  it("surplusOf() keeps a remembered layer while an image has it", async () => {
    const tags = { "build-hello-b1": digest("1"), [cache("a")]: digest("2"), [cache("b")]: digest("3") };
    const layers = { [digest("1")]: ["x", "y"], [digest("2")]: ["x"], [digest("3")]: ["z"] };
    assert.deepEqual(await plan(tags, { builds: new Set(["hello-b1"]) }, layers), [digest("3")]);
    assert.deepEqual(await plan(tags, {}, layers), [digest("1"), digest("2"), digest("3")]);
  });

  it("surplusOf() takes what is attached to an image with it, before it", async () => {
    const tags = { "build-hello-b1": digest("1"), [`sha256-${"1".repeat(64)}.sig`]: digest("9") };
    assert.deepEqual(await plan(tags), [digest("9"), digest("1")]);
    assert.deepEqual(await plan(tags, { named: named("1") }), []);
  });
});
