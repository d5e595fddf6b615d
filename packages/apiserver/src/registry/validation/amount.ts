import type { FieldErrors } from "./field-errors.ts";

/** A number of pieces or a percentage ("25%"), as maxSurge and its like take. */
export function validateAmount(
  errors: FieldErrors,
  at: string,
  value: number | string | undefined,
  options: { limitPercent?: boolean } = {},
): void {
  if (value === undefined) return;
  if (typeof value === "number") {
    errors.nonNegative(at, value);
    return;
  }
  if (!/^[0-9]+%$/.test(value)) {
    errors.invalid(
      at,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    );
  } else if (options.limitPercent === true && Number.parseInt(value, 10) > 100) {
    errors.invalid(at, value, "must not be greater than 100%");
  }
}

/** True for 0 and "0%". */
export function isZeroAmount(value: number | string | undefined): boolean {
  return value === undefined || value === 0 || value === "0%" || value === "0";
}
