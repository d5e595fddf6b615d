import assert from "node:assert/strict";
import test from "node:test";
import { formatStageMarker, parseStageMarker, type StageMarker } from "./image-builder.ts";

test("parseStageMarker() reads what formatStageMarker() wrote, and nothing else", () => {
  const markers: StageMarker[] = [
    { stage: "source", state: "Running" },
    { stage: "build", state: "Succeeded", seconds: 1.5, message: "why: so" },
    { stage: "test", state: "Running" },
    { stage: "after", state: "Failed", seconds: 2.5, message: 'Step "scan" failed: exit code 3' },
    { stage: "push", state: "Failed", seconds: 0.1, message: "x" },
  ];
  for (const marker of markers) assert.deepEqual(parseStageMarker(formatStageMarker(marker)), marker);
  for (const line of ["", "stage build started", "--- stage deploy started", "  --- stage build started"])
    assert.equal(parseStageMarker(line), undefined);
});

test("formatStageMarker() stays on one line", () => {
  assert.ok(!formatStageMarker({ stage: "build", state: "Failed", message: "a\nb" }).includes("\n"));
});
