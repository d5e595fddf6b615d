import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogLine } from "@jdos/api/platform-api";
import { LogPosition } from "./resume-logs.ts";

async function* stream(...lines: LogLine[]): AsyncGenerator<LogLine> {
  yield* lines;
}

const at = (pod: string, time: string, line: string): LogLine => ({
  pod,
  time: `2026-01-01T00:00:${time}Z`,
  line,
});

describe("LogPosition", () => {
  it("unseen() leaves out what a stream opened again repeats, for each Pod", async () => {
    const position = new LogPosition();
    await Array.fromAsync(position.unseen(stream(at("a", "01.5", "one"), at("b", "09", "two"))));
    const again = position.unseen(
      stream(at("a", "01.5", "one"), at("a", "01.51", "three"), at("b", "09", "two"), at("a", "02", "four")),
    );
    assert.deepEqual(
      (await Array.fromAsync(again)).map(({ line }) => line),
      ["three", "four"],
    );
  });

  it("resume() asks back to the Pod that is furthest behind", async () => {
    const position = new LogPosition();
    assert.equal(position.resume(), undefined);
    await Array.fromAsync(position.unseen(stream(at("a", "01", "one"), at("b", "09", "two"))));
    assert.deepEqual(position.resume(new Date("2026-01-01T00:00:10Z")), { tail: -1, sinceSeconds: 10 });
  });
});
