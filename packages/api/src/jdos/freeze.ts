import { type FreezeWindow, WEEKDAYS } from "./system.ts";

/** A freeze that is on. */
export interface Freeze {
  name: string;
  until: Date;
  reason?: string;
}

type Windows = readonly (Omit<Readonly<FreezeWindow>, "days"> & { readonly days?: readonly string[] })[];
type Window = Windows[number];

const DAY_MINUTES = 24 * 60;
/** A weekly window that is always on ends never; it is looked at again after this. */
const FAR_MINUTES = 8 * DAY_MINUTES;
const MINUTE_MILLIS = 60_000;

/** The freeze that is on; windows that follow each other without a gap count as one, of a week at most. */
export function freezeAt(windows: Windows | undefined, now: Date): Freeze | undefined {
  const first = lastOf(windows, now);
  const far = now.getTime() + FAR_MINUTES * MINUTE_MILLIS;
  let until = first?.until;
  for (let next = first; next !== undefined && next.until.getTime() < far; ) {
    until = next.until;
    next = lastOf(windows, until);
    if (next !== undefined) until = next.until;
  }
  return first === undefined || until === undefined ? undefined : { ...first, until };
}

/** Of those that are on, the one that ends last. */
function lastOf(windows: Windows = [], now: Date): Freeze | undefined {
  let found: Freeze | undefined;
  for (const window of windows) {
    const until = endOf(window, now);
    const { name, reason } = window;
    if (until !== undefined && (found === undefined || until > found.until))
      found = { name, until, ...(reason === undefined ? {} : { reason }) };
  }
  return found;
}

/** "until 2026-12-01T00:00:00.000Z: the shop's busiest days" */
export function freezeSentence({ until, reason }: Freeze): string {
  return `until ${until.toISOString().replace(".000Z", "Z")}${reason === undefined ? "" : `: ${reason}`}`;
}

/** What is wrong with a window; undefined: nothing. */
export function freezeFault({ from, to, days, hours, timeZone }: Window): string | undefined {
  const once = from !== undefined || to !== undefined;
  const weekly = days !== undefined || hours !== undefined || timeZone !== undefined;
  if (once && weekly) return "it is either once (from, to) or weekly (days, hours, timeZone)";
  if (!once && days === undefined && hours === undefined)
    return "it has neither from and to, nor days or hours";
  if (once) {
    if (from === undefined || to === undefined) return "it needs both from and to";
    return Date.parse(from) < Date.parse(to) ? undefined : "it ends before it begins";
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) return `there is no time zone "${timeZone}"`;
  return undefined;
}

function endOf(window: Window, now: Date): Date | undefined {
  if (freezeFault(window) !== undefined) return undefined;
  const { from, to } = window;
  if (from === undefined || to === undefined) return weeklyEnd(window, now);
  return Date.parse(from) <= now.getTime() && now.getTime() < Date.parse(to) ? new Date(to) : undefined;
}

/** Goes on minute by minute on the clock of the zone, since days there may have 23 or 25 hours. */
function weeklyEnd(window: Window, now: Date): Date | undefined {
  if (!isOn(window, now)) return undefined;
  let at = now.getTime() - (now.getTime() % MINUTE_MILLIS);
  const last = at + FAR_MINUTES * MINUTE_MILLIS;
  // In steps of a quarter of an hour, which all zones' shifts are multiples of, then of a minute.
  for (const step of [15, 1]) {
    while (at < last && isOn(window, new Date(at + step * MINUTE_MILLIS))) at += step * MINUTE_MILLIS;
  }
  return new Date(at + MINUTE_MILLIS);
}

function isOn({ days = WEEKDAYS, hours = "00:00-24:00", timeZone = "UTC" }: Window, at: Date): boolean {
  const { day, minute } = clockOf(at, timeZone);
  const [from = 0, to = DAY_MINUTES] = hours.split("-").map(minutesOf);
  const includes = (each: number): boolean => days.includes(WEEKDAYS[(each + 7) % 7]!);
  if (from < to) return includes(day) && minute >= from && minute < to;
  return (includes(day) && minute >= from) || (includes(day - 1) && minute < to);
}

function minutesOf(text: string): number {
  const [hour, minute] = text.split(":").map(Number);
  return (hour ?? 0) * 60 + (minute ?? 0);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(at: Date, timeZone: string): { day: number; minute: number } {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    } as const);
    clocks.set(timeZone, clock);
  }
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = WEEKDAYS.indexOf(parts.weekday as (typeof WEEKDAYS)[number]);
  return { day, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
