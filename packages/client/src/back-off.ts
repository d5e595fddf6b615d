export interface BackOffOptions {
  baseMillis: number;
  maxMillis: number;
  /** From 0 to 1; defaults to Math.random. */
  random?: () => number;
}

/** The wait before attempt `failures` + 1: doubles from base to max, of which the upper half is random. */
export function backOffMillis(
  failures: number,
  { baseMillis, maxMillis, random = Math.random }: BackOffOptions,
): number {
  const full = Math.min(maxMillis, baseMillis * 2 ** Math.min(failures, 40));
  return full / 2 + (full / 2) * random();
}
