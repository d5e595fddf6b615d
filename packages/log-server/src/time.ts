const FORM = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/;

/** Nanoseconds since the epoch of an RFC 3339 time; undefined of any other text. */
export function nanosOf(text: string): bigint | undefined {
  const [, seconds, fraction = "", zone] = FORM.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const millis = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(millis)) return undefined;
  return BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

const BILLION = 1_000_000_000n;

/** RFC 3339 in UTC with nine digits of a second: texts are ordered as times. */
export function timeText(nanos: bigint): string {
  const seconds = new Date(Number(nanos / BILLION) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(nanos % BILLION).padStart(9, "0")}Z`;
}

/** A time in the form of timeText(); undefined of what is no time. */
export function normalTime(text: string): string | undefined {
  if (text.length === 30 && text.endsWith("Z")) return FORM.test(text) ? text : undefined;
  const nanos = nanosOf(text);
  return nanos === undefined ? undefined : timeText(nanos);
}
