import type { FieldError } from "@jdos/apimachinery";

/** Collects what is wrong with an object, in the words of the Kubernetes API. */
export class FieldErrors {
  readonly list: FieldError[] = [];

  required(field: string, detail = ""): void {
    this.list.push({
      type: "FieldValueRequired",
      field,
      message: detail === "" ? "Required value" : `Required value: ${detail}`,
    });
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.list.push({
      type: "FieldValueInvalid",
      field,
      message: `Invalid value: ${show(value)}${detail === "" ? "" : `: ${detail}`}`,
    });
  }

  duplicate(field: string, value: unknown): void {
    this.list.push({ type: "FieldValueDuplicate", field, message: `Duplicate value: ${show(value)}` });
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    this.notInEnumeration(field, value, [...supported].sort());
  }

  /** As notSupported, with the values in the order in which a schema lists them. */
  notInEnumeration(field: string, value: unknown, supported: readonly string[]): void {
    const list = supported.map((item) => JSON.stringify(item));
    this.list.push({
      type: "FieldValueNotSupported",
      field,
      message: `Unsupported value: ${show(value)}: supported values: ${list.join(", ")}`,
    });
  }

  forbidden(field: string, detail: string): void {
    this.list.push({ type: "FieldValueForbidden", field, message: `Forbidden: ${detail}` });
  }

  tooLong(field: string, limit: number): void {
    this.list.push({
      type: "FieldValueTooLong",
      field,
      message: `Too long: may not be more than ${limit} bytes`,
    });
  }

  notFound(field: string, value: unknown): void {
    this.list.push({ type: "FieldValueNotFound", field, message: `Not found: ${show(value)}` });
  }

  /** One invalid() for each reason. */
  allInvalid(field: string, value: unknown, reasons: readonly string[]): void {
    for (const reason of reasons) this.invalid(field, value, reason);
  }

  /** The value must be one of `supported`; an absent one is required. */
  oneOf(field: string, value: string | undefined, supported: readonly string[]): void {
    if (value === undefined || value === "") this.required(field);
    else if (!supported.includes(value)) this.notSupported(field, value, supported);
  }

  nonNegative(field: string, value: number | undefined): void {
    if (value !== undefined && value < 0) this.invalid(field, value, "must be greater than or equal to 0");
  }

  immutable(field: string, value: unknown, same: boolean): void {
    if (!same) this.invalid(field, value, "field is immutable");
  }
}

function show(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
