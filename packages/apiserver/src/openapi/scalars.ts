import { canonicalQuantity } from "@jdos/apimachinery";

/** How a value that JSON writes as a string (or anything) is checked; the result replaces the value. */
export interface Scalar {
  /** Schema of OpenAPI version 2; version 3 differs where `v3` says so. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly v3?: Readonly<Record<string, unknown>>;
  /** Returns the value as it is stored, or what is wrong with it. */
  read(value: unknown): { value: unknown } | { wrong: string };
}

const QUANTITY_FORM =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function readTime(value: unknown): { value: unknown } | { wrong: string } {
  if (typeof value !== "string") return { wrong: `cannot unmarshal ${jsonType(value)} into a time` };
  if (TIME.test(value) && !Number.isNaN(Date.parse(value))) return { value };
  return {
    wrong: `parsing time ${JSON.stringify(JSON.stringify(value))} as "2006-01-02T15:04:05Z07:00": cannot parse`,
  };
}

function readQuantity(value: unknown): { value: unknown } | { wrong: string } {
  if (typeof value !== "string" && typeof value !== "number") return { wrong: QUANTITY_FORM };
  const canonical = canonicalQuantity(typeof value === "string" ? value.trim() : value);
  return canonical === undefined ? { wrong: QUANTITY_FORM } : { value: canonical };
}

const anything = (value: unknown): { value: unknown } => ({ value });

const time: Scalar = { schema: { type: "string", format: "date-time" }, read: readTime };
const object: Scalar = { schema: { type: "object" }, read: anything };

/** Definitions that are no objects with fields, by their full name. */
export const scalars: Readonly<Record<string, Scalar>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {
    schema: { type: "string" },
    v3: { oneOf: [{ type: "string" }, { type: "number" }] },
    read: readQuantity,
  },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": time,
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": time,
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": object,
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": object,
  "io.k8s.apimachinery.pkg.runtime.RawExtension": object,
};

/** The word Go's decoder uses for a JSON value. */
export function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value === "boolean" ? "bool" : typeof value;
}
