const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/** Nothing finer than a billionth is kept. */
const NANO_DIGITS = 9;

/**
 * The form in which the API stores a quantity: no fraction, the largest suffix that needs none, in the family of
 * the suffix it was written with. "0.5" -> "500m", "1024Mi" -> "1Gi", "1000" -> "1k". Undefined when malformed.
 * Source: kubernetes.io, API reference, Quantity.
 */
export function canonicalQuantity(text: string | number): string | undefined {
  const match = FORM.exec(String(text));
  if (match === null || (match[2] === "" && (match[3] ?? "") === "")) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent, suffix = ""] = match;
  const binary = suffix.endsWith("i");
  const power = exponent === undefined ? decimalPower(suffix) : Number(exponent.slice(1));
  const multiplier = binary ? 1024n ** BigInt(BINARY.indexOf(suffix)) : 1n;
  const nanos = scaleUp(
    BigInt(`${whole}${fraction}` || "0") * multiplier,
    power - fraction.length + NANO_DIGITS,
  );
  const minus = sign === "-" && nanos !== 0n ? "-" : "";
  if (binary && nanos % 10n ** 9n === 0n && nanos / 10n ** 9n >= 1024n)
    return minus + inBinary(nanos / 10n ** 9n);
  return minus + (exponent === undefined ? inDecimal(nanos) : inExponent(nanos));
}

function decimalPower(suffix: string): number {
  const index = DECIMAL.indexOf(suffix);
  return index < 0 ? 0 : (index - 3) * 3;
}

/** value * 10^power, rounded up. */
function scaleUp(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}

function inBinary(value: bigint): string {
  let index = 0;
  while (index < BINARY.length - 1 && value % 1024n === 0n) {
    value /= 1024n;
    index++;
  }
  return `${value}${BINARY[index]}`;
}

function reduce(nanos: bigint): [bigint, number] {
  let index = 0;
  while (index < DECIMAL.length - 1 && nanos % 1000n === 0n) {
    nanos /= 1000n;
    index++;
  }
  return [nanos, index];
}

function inDecimal(nanos: bigint): string {
  if (nanos === 0n) return "0";
  const [value, index] = reduce(nanos);
  return `${value}${DECIMAL[index]}`;
}

function inExponent(nanos: bigint): string {
  if (nanos === 0n) return "0";
  const [value, index] = reduce(nanos);
  const power = (index - 3) * 3;
  return power === 0 ? String(value) : `${value}e${power}`;
}
