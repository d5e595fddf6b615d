import assert from "node:assert/strict";
import { test } from "node:test";
import { createProgress, type ProgressLine } from "./progress.ts";

test("Progress reports what a stage does, its failure, and the end", async () => {
  const lines: ProgressLine[] = [];
  const progress = createProgress((line) => lines.push(line));
  const answer = await progress.stage("images", async (say) => {
    say("importing");
    return 7;
  });
  assert.equal(answer, 7);
  await assert.rejects(
    progress.stage("dns", () => Promise.reject(new Error("no port"))),
    /no port/,
  );
  progress.ready("http://127.0.0.1:7080");
  assert.deepEqual(
    lines.map(({ stage, state, message }) => [stage, state, message]),
    [
      ["images", "started", undefined],
      ["images", "running", "importing"],
      ["images", "succeeded", undefined],
      ["dns", "started", undefined],
      ["dns", "failed", "no port"],
      ["ready", "succeeded", "http://127.0.0.1:7080"],
    ],
  );
});
