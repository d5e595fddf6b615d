import assert from "node:assert/strict";
import test from "node:test";
import type { Build } from "@jdos/api";
import { type History, surplus } from "./prune.ts";

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

function surplusOf(
  numbers: number[],
  spec: object,
  running: number[] = [],
): { releases: number[]; builds: number[] } {
  const history = {
    application: { metadata: { name: "hello" }, spec },
    releases: numbers.map((number) => ({
      metadata: { name: `hello-v${number}` },
      // Release 2 runs the image of Build 1.
      spec: { number, build: `hello-b${number === 2 ? 1 : number}` },
    })),
    builds: numbers.map((number) => ({
      metadata: { name: `hello-b${number}` },
      spec: { number },
      status: { phase: "Succeeded" } satisfies Build["status"],
    })),
    running: new Set(running),
  } as unknown as History;
  const { releases, builds } = surplus(history);
  return {
    releases: releases.map(({ spec: { number } }) => number),
    builds: builds.map(({ spec: { number } }) => number),
  };
}

test("surplus() keeps the limit besides what is current, and the Builds of all Releases that may be returned to", () => {
  assert.deepEqual(surplusOf(range(1, 6), { release: 6, historyLimit: 3 }), {
    releases: [1, 2],
    builds: [1, 2],
  });
  assert.deepEqual(surplusOf(range(1, 6), { release: 6, historyLimit: 4 }), { releases: [1], builds: [2] });
});

test("surplus() keeps what Pods run, what is asked for, and what waits to become current", () => {
  const spec = { release: 3, rollbackTo: 1, historyLimit: 1 };
  assert.deepEqual(surplusOf(range(1, 3), spec, [2]).releases, []);
  assert.deepEqual(surplusOf(range(1, 9), { release: 2, historyLimit: 1 }).releases, []);
});
