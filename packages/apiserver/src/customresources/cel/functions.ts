import { deepEqual, parseQuantity } from "@jdos/apimachinery";
import { patternOf } from "../pattern.ts";
import { CelError } from "./tokens.ts";

/** A value that may be missing: what ".?name" gives. */
export class Optional {
  readonly value: unknown;
  readonly present: boolean;

  constructor(present: boolean, value?: unknown) {
    this.present = present;
    this.value = value;
  }
}

type Function = (...args: unknown[]) => unknown;

function text(value: unknown): string {
  if (typeof value !== "string") throw new CelError("no such overload: a string is needed");
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new CelError("no such overload: a list is needed");
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number") throw new CelError("no such overload: a number is needed");
  return value;
}

function size(value: unknown): number {
  if (typeof value === "string") return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  throw new CelError("no such overload: size");
}

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** A duration in milliseconds. */
function duration(value: unknown): number {
  const given = text(value);
  const parts = [...given.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/g)];
  const sum = parts.reduce((total, [, amount, unit]) => total + Number(amount) * (UNITS[unit!] ?? 0), 0);
  if (parts.map(([part]) => part).join("") !== given.replace(/^[+-]/, ""))
    throw new CelError(`invalid duration "${given}"`);
  return given.startsWith("-") ? -sum : sum;
}

function timestamp(value: unknown): number {
  const time = Date.parse(text(value));
  if (Number.isNaN(time)) throw new CelError(`invalid timestamp "${String(value)}"`);
  return time;
}

function toInt(value: unknown): number {
  const result = Math.trunc(Number(value));
  if (Number.isNaN(result)) throw new CelError(`"${String(value)}" is no number`);
  return result;
}

function quantity(value: unknown): number {
  const result = parseQuantity(text(value));
  if (result === undefined) throw new CelError(`"${String(value)}" is no quantity`);
  return result;
}

function isSorted(items: readonly unknown[]): boolean {
  return items.every((item, index) => index === 0 || compare(items[index - 1], item) <= 0);
}

/** Below 0, 0 or above 0. */
export function compare(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  throw new CelError("no such overload: values of these types have no order");
}

/** Functions by name, with the value they are called on (if they are) as the first argument. */
export const functions: Readonly<Record<string, Function>> = {
  size,
  int: toInt,
  uint: toInt,
  double: (value) => Number(value),
  string: (value) => (typeof value === "object" ? JSON.stringify(value) : String(value)),
  bool: (value) => value === true || value === "true",
  dyn: (value) => value,
  duration,
  timestamp,
  quantity,
  isQuantity: (value) => parseQuantity(text(value)) !== undefined,
  isURL: (value) => URL.canParse(text(value)),
  startsWith: (value, other) => text(value).startsWith(text(other)),
  endsWith: (value, other) => text(value).endsWith(text(other)),
  contains: (value, other) => text(value).includes(text(other)),
  matches: (value, pattern) => patternOf(text(pattern)).test(text(value)),
  find: (value, pattern) => patternOf(text(pattern)).exec(text(value))?.[0] ?? "",
  lowerAscii: (value) => text(value).toLowerCase(),
  upperAscii: (value) => text(value).toUpperCase(),
  trim: (value) => text(value).trim(),
  charAt: (value, at) => text(value).charAt(number(at)),
  substring: (value, start, end) =>
    text(value).substring(number(start), end === undefined ? undefined : number(end)),
  replace: (value, from, to) => text(value).replaceAll(text(from), text(to)),
  split: (value, by) => text(value).split(text(by)),
  join: (value, by) =>
    list(value)
      .map(text)
      .join(by === undefined ? "" : text(by)),
  indexOf: (value, other) =>
    typeof value === "string"
      ? value.indexOf(text(other))
      : list(value).findIndex((item) => deepEqual(item, other)),
  isSorted: (value) => isSorted(list(value)),
  sum: (value) => list(value).reduce<number>((total, item) => total + number(item), 0),
  min: (value) => list(value).reduce((least, item) => (compare(item, least) < 0 ? item : least)),
  max: (value) => list(value).reduce((most, item) => (compare(item, most) > 0 ? item : most)),
  orValue: (value, other) => (value instanceof Optional && value.present ? value.value : other),
  hasValue: (value) => value instanceof Optional && value.present,
  value: (value) => {
    if (value instanceof Optional && value.present) return value.value;
    throw new CelError("optional.none() dereference");
  },
  isGreaterThan: (left, right) => compare(left, right) > 0,
  isLessThan: (left, right) => compare(left, right) < 0,
  compareTo: (left, right) => Math.sign(compare(left, right)),
};
