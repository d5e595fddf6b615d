import assert from "node:assert/strict";
import test from "node:test";
import { stagesOf } from "./log.ts";

test("stagesOf() reads how far a build is from its log", () => {
  const log = `2026-01-01T00:00:00.123456789Z --- stage source started
2026-01-01T00:00:01.5Z --- stage source succeeded in 1.4s: 4 files
2026-01-01T00:00:01.6Z --- stage build started
2026-01-01T00:00:02Z added 3 packages
`;
  assert.deepEqual(stagesOf(log), [
    {
      name: "source",
      state: "Succeeded",
      startTime: "2026-01-01T00:00:00Z",
      seconds: 1.4,
      message: "4 files",
    },
    { name: "build", state: "Running", startTime: "2026-01-01T00:00:01Z" },
  ]);
});
