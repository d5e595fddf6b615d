import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latestMissed, parseSchedule } from "./schedule.ts";

const at = (text: string) => new Date(text);

describe("parseSchedule", () => {
  it("parseSchedule() knows five fields, names and @hourly", () => {
    const after = at("2026-01-01T10:07:30Z");
    const next = (text: string) => parseSchedule(text, "UTC").next(after)?.toISOString();
    assert.equal(next("*/5 * * * *"), "2026-01-01T10:10:00.000Z");
    assert.equal(next("@hourly"), "2026-01-01T11:00:00.000Z");
    assert.equal(next("0 0 * * MON"), "2026-01-05T00:00:00.000Z");
    assert.equal(next("0 0 13 * FRI"), "2026-01-02T00:00:00.000Z");
  });

  it("parseSchedule() keeps to the time zone", () => {
    const next = parseSchedule("0 9 * * *", "Asia/Shanghai").next(at("2026-01-01T00:30:00Z"));
    assert.equal(next?.toISOString(), "2026-01-01T01:00:00.000Z");
  });

  it("parseSchedule() refuses six fields, nonsense and unknown zones", () => {
    for (const text of ["* * * * * *", "61 * * * *", "x", ""]) assert.throws(() => parseSchedule(text));
    assert.throws(() => parseSchedule("* * * * *", "Moon/Base"));
  });
});

describe("latestMissed", () => {
  const schedule = parseSchedule("*/5 * * * *", "UTC");

  it("latestMissed() gives the last time that has passed", () => {
    assert.equal(
      latestMissed(schedule, at("2026-01-01T10:00:00Z"), at("2026-01-01T10:04:59Z")).latest,
      undefined,
    );
    const { latest, many } = latestMissed(schedule, at("2026-01-01T10:00:00Z"), at("2026-01-01T10:16:00Z"));
    assert.deepEqual([latest?.toISOString(), many], ["2026-01-01T10:15:00.000Z", false]);
  });

  it("latestMissed() does not count years one by one", () => {
    const { latest, many } = latestMissed(schedule, at("2016-01-01T10:00:00Z"), at("2026-01-01T10:16:00Z"));
    assert.deepEqual([latest?.toISOString(), many], ["2026-01-01T10:15:00.000Z", true]);
  });
});
