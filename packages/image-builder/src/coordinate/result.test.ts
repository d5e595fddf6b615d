import assert from "node:assert/strict";
import test from "node:test";
import type { BuilderResult } from "@jdos/api";
import { formatResult, MAX_RESULT_BYTES } from "./result.ts";

test("formatResult() stays within what a termination message holds and keeps the last lines", () => {
  const lines = Array.from({ length: 15 }, (_, at) => `${at} ${"é".repeat(400)}`);
  const text = formatResult({
    stages: [{ name: "build", state: "Failed", message: "x".repeat(5000) }],
    error: { code: "BuildStepFailed", message: "y".repeat(5000), lines },
  });
  assert.ok(Buffer.byteLength(text) <= MAX_RESULT_BYTES);
  const result = JSON.parse(text) as BuilderResult;
  assert.equal(result.error?.code, "BuildStepFailed");
  assert.match(result.error?.lines?.at(-1) ?? "", /^14 /);
});

test("formatResult() leaves a small result as it is", () => {
  const result: BuilderResult = {
    digest: "sha256:1",
    image: "x@sha256:1",
    stages: [{ name: "push", state: "Succeeded", seconds: 1 }],
  };
  assert.deepEqual(JSON.parse(formatResult(result)), result);
});
