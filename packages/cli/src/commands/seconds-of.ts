import { usage } from "../errors.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** "90", "90s", "10m", "2h", "1d", as an option of the command line was given it. */
export function secondsOf(option: string, given: string | number | boolean): number {
  const match = /^(\d+)([smhd]?)$/.exec(String(given));
  if (match === null || Number(match[1]) === 0)
    throw usage(`Cannot read --${option}: "${given}" is not a duration`, "Write it as 90s, 10m, 2h or 1d");
  return Number(match[1]) * UNITS[match[2]!]!;
}
