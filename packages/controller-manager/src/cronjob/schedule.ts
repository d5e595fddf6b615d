import { Cron } from "croner";

export interface Schedule {
  /** The first time after `after`, if there is one. */
  next(after: Date): Date | undefined;
}

/**
 * Reads a schedule of five fields, or @hourly and the like, in a time zone.
 * @throws Error that says what cannot be read
 */
export function parseSchedule(text: string, timezone?: string): Schedule {
  const cron = new Cron(text, {
    paused: true,
    mode: text.startsWith("@") ? "auto" : "5-part",
    ...(timezone === undefined ? {} : { timezone }),
  });
  // The zone is looked at only when it is used.
  cron.nextRun();
  return { next: (after) => cron.nextRun(after) ?? undefined };
}

/** After this many missed times the rest are not counted: the clock jumped, or nobody was there for long. */
const MAX_MISSED = 100;

export interface Missed {
  /** The latest time that has passed. */
  latest: Date | undefined;
  /** True when more than 100 have passed. */
  many: boolean;
}

/** The latest scheduled time in (after, now]. */
export function latestMissed(schedule: Schedule, after: Date, now: Date): Missed {
  let latest: Date | undefined;
  let count = 0;
  for (let next = schedule.next(after); next !== undefined && next <= now; next = schedule.next(next)) {
    latest = next;
    if (++count > MAX_MISSED) return { latest: latestBefore(schedule, now) ?? latest, many: true };
  }
  return { latest, many: false };
}

/** Looks back in widening steps rather than through every time that was missed. */
function latestBefore(schedule: Schedule, now: Date): Date | undefined {
  for (const minutes of [2, 60, 24 * 60, 32 * 24 * 60]) {
    const since = new Date(now.getTime() - minutes * 60_000);
    let latest: Date | undefined;
    for (let next = schedule.next(since); next !== undefined && next <= now; next = schedule.next(next))
      latest = next;
    if (latest !== undefined) return latest;
  }
  return undefined;
}
