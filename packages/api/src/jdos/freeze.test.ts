import assert from "node:assert/strict";
import test from "node:test";
import { freezeAt, freezeFault } from "./freeze.ts";
import type { FreezeWindow } from "./system.ts";

const ends = (windows: Omit<FreezeWindow, "name">[], now: string): string | undefined =>
  freezeAt(
    windows.map((window, n) => ({ name: `w${n}`, ...window })),
    new Date(now),
  )?.until.toISOString();

const once = { from: "2026-12-01T00:00:00Z", to: "2026-12-03T00:00:00+01:00" };
const nights = {
  days: ["Fri"],
  hours: "22:00-06:00",
  timeZone: "Europe/Berlin",
} satisfies Partial<FreezeWindow>;

for (const [claim, windows, now, until] of [
  ["is off before it begins", [once], "2026-11-30T23:59:59Z", undefined],
  ["is on from its first moment", [once], "2026-12-01T00:00:00Z", "2026-12-02T23:00:00.000Z"],
  ["is off at its end", [once], "2026-12-02T23:00:00Z", undefined],
  ["goes over midnight in its own zone", [nights], "2026-11-27T22:30:00Z", "2026-11-28T05:00:00.000Z"],
  ["is off on other days", [nights], "2026-11-28T22:30:00Z", undefined],
  [
    "lasts the whole day without hours",
    [{ days: ["Sat", "Sun"] }],
    "2026-11-28T10:07:31Z",
    "2026-11-30T00:00:00.000Z",
  ],
  [
    "ends an hour sooner where clocks go forward",
    [{ hours: "00:00-06:00", timeZone: "Europe/Berlin" }],
    "2026-03-28T23:10:00Z",
    "2026-03-29T04:00:00.000Z",
  ],
  [
    "goes on where the next one begins",
    [once, { from: "2026-12-02T23:00:00Z", to: "2026-12-05T00:00:00Z" }],
    "2026-12-01T00:00:00Z",
    "2026-12-05T00:00:00.000Z",
  ],
  [
    "ends where windows are on all week",
    [{ days: ["Sun", "Mon", "Tue", "Wed"] }, { days: ["Thu", "Fri", "Sat"] }],
    "2026-12-01T00:00:00Z",
    "2026-12-10T00:00:00.000Z",
  ],
  [
    "means nothing where it is malformed",
    [{ from: "2026-12-01T00:00:00Z" }],
    "2026-12-02T00:00:00Z",
    undefined,
  ],
] as [string, Omit<FreezeWindow, "name">[], string, string | undefined][])
  test(`freezeAt() ${claim}`, () => assert.equal(ends(windows, now), until));

test("freezeFault() says what is wrong with a window", () => {
  assert.match(freezeFault({ name: "x" }) ?? "", /neither/);
  assert.match(freezeFault({ name: "x", from: once.to, to: once.from }) ?? "", /ends before it begins/);
  assert.match(freezeFault({ name: "x", days: ["Mon"], timeZone: "Mars/Base" }) ?? "", /no time zone/);
  assert.match(freezeFault({ name: "x", ...once, days: ["Mon"] }) ?? "", /either once/);
  assert.equal(freezeFault({ name: "x", ...nights }), undefined);
});
